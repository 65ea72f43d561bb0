#!/bin/bash
# What `make demo` shows, with sqzd and sqzctl on the PATH: a daemon of the current user's own trains a SqueezeNet on
# Fashion-MNIST, is measured, and classifies a picture. EPOCHS sets how long it trains. Nothing stays behind.
set -euo pipefail

fashion=/usr/share/datasets/fashion-mnist
epochs=${EPOCHS:-2}
# Which of the 10,000 test pictures is classified.
picture=${PICTURE:-0}
names=(T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag "Ankle boot")

folder=$(mktemp -d)
daemon=
finish() {
    if [ -n "$daemon" ]; then
        kill -TERM "$daemon" 2>/dev/null || true
        wait "$daemon" || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$folder"
export SQZD_SOCKET=$folder/io.sqzd

# Prints a command as if it were typed, and runs it.
show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

# A 28×28 grey picture on standard input, as one plane of 32×32: two rows and two columns of zeros around it.
padded_plane() {
    head -c 64 /dev/zero
    for _ in {1..28}; do
        head -c 2 /dev/zero
        dd bs=28 count=1 iflag=fullblock status=none
        head -c 2 /dev/zero
    done
    head -c 64 /dev/zero
}

# Bytes in hexadecimal digits, as themselves.
raw() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# A chunk of a PNG file: its kind and its data in digits. gzip knows the CRC, its last word but one, low byte first.
chunk() {
    local kind crc
    kind=$(printf '%s' "$1" | od -An -v -t x1 | tr -d ' \n')
    crc=$(raw "$kind$2" | gzip -c | tail -c 8 | head -c 4 | od -An -t x1 | tr -d ' \n')
    raw "$(printf '%08x' $((${#2} / 2)))$kind$2${crc:6:2}${crc:4:2}${crc:2:2}${crc:0:2}"
}

# A plane of 32×32 on standard input, as a grey PNG file: not compressed, which is allowed (RFC 1950 and 1951).
grey_png() {
    local rows low=1 high=0 byte
    rows=$(od -An -v -t x1 -w32 | tr -d ' ' | sed 's/^/00/' | tr -d '\n')
    for byte in $(sed 's/../0x& /g' <<<"$rows"); do
        low=$(((low + byte) % 65521))
        high=$(((high + low) % 65521))
    done
    # 32 rows of 33 bytes are 0x0420.
    raw 89504e470d0a1a0a
    chunk IHDR 00000020000000200800000000
    chunk IDAT "7801012004dffb$rows$(printf '%04x%04x' "$high" "$low")"
    chunk IEND ""
}

# Bytes of a file: the first one's offset, and how many.
bytes() {
    dd if="$1" iflag=skip_bytes,count_bytes skip="$2" count="$3" status=none
}

printf '\n$ sqzd --socket %s --state-dir %s &\n' "$SQZD_SOCKET" "$folder/state"
: >sqzd.log
# TMPDIR marks everything that the daemon starts, for the check at the end.
TMPDIR=$folder sqzd --socket "$SQZD_SOCKET" --state-dir "$folder/state" 2>>sqzd.log &
daemon=$!
# tail ends with the daemon.
if ! grep -q -m 1 'is ready' <(tail --pid="$daemon" -n +1 -f sqzd.log 2>/dev/null); then
    cat sqzd.log >&2
    exit 1
fi

printf '%s\n' "${names[@]}" >names.txt
show sqzctl dataset import "$fashion" --classes names.txt
show sqzctl train --data fashion-mnist --epochs "$epochs" --follow
show sqzctl evaluate --data fashion-mnist --model fashion-mnist --follow

# A picture that a person can look at. IDX files have headers of 8 and 16 bytes.
zcat "$fashion/t10k-labels-idx1-ubyte.gz" >labels
zcat "$fashion/t10k-images-idx3-ubyte.gz" >images
label=$(bytes labels $((8 + picture)) 1 | od -An -t u1)
bytes images $((16 + 784 * picture)) 784 | padded_plane | grey_png >image.png
printf '\n$ ls -l image.png    # test picture %s: %s\n' "$picture" "${names[label]}"
ls -l image.png
show sqzctl classify image.png

printf '\n$ kill %s    # sqzd\n' "$daemon"
kill -TERM "$daemon"
wait "$daemon"
daemon=
left=$(grep -lzsx "TMPDIR=$folder" /proc/[0-9]*/environ || true)
if [ -n "$left" ]; then
    echo "Still running: $left" >&2
    exit 1
fi
echo "sqzd has stopped, and nothing of it is left running."
