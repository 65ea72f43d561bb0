#!/bin/sh
# Fuzzes each parser of untrusted bytes for MINUTES (half a minute by default), beginning with what is in corpus/; only
# those that are named, if any are:
#
#     Tests/Fuzz/run.sh [MINUTES [FuzzVarlink …]]
#
# FuzzKeras runs only where it is named: it soon comes upon faults of Debian's libhdf5 1.10.8 (reading beyond the file), which
# cost a confined runner and nothing else, and which are not ours to mend.
#
# A crash, a leak, an input that takes 10 s or 1 GiB of memory ends it with a status other than 0. The input is kept in
# .build/crashes: it belongs into corpus/ once it is fixed, so that it stays a regression test.
set -eu
cd "$(dirname "$0")"
seconds=$(echo "${1:-0.5}" | awk '{ print int(60 * $1) }')
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- FuzzVarlink FuzzSafetensors FuzzDatasets FuzzPictures FuzzModelFiles FuzzForeignModels FuzzCheckpoints

# These flags are for the project's targets, too. gold, the default linker, fails on them; lld comes with the compiler.
build="swift build -c release -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld -Xcc -fsanitize=fuzzer-no-link,address"
programs=$($build --show-bin-path)
mkdir -p .build/crashes
# A crash is the sanitizer's to report, not Swift's own backtrace.
export SWIFT_BACKTRACE=enable=no
found=$(mktemp -d)
trap 'rm -rf "$found" /dev/shm/sqzd-fuzz-*' EXIT

for name; do
	$build --product "$name" >"$found/build" 2>&1 || { cat "$found/build"; exit 1; }
done

fuzz() {
	mkdir "$found/$1"
	# libhdf5 forgets some bytes when it gives up, and asks for any amount; the process that reads a file ends after it.
	leaks=1
	if [ "$1" = FuzzKeras ]; then
		leaks=0
		export ASAN_OPTIONS=allocator_may_return_null=1
	fi
	"$programs/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
		-detect_leaks="$leaks" \
		-artifact_prefix=".build/crashes/$1-" "$found/$1" "corpus/$1" 2>"$found/$1.log" || echo "$1" >>"$found/failed"
}

# As many at once as there are processors.
running=0
for name; do
	fuzz "$name" &
	running=$((running + 1))
	[ $((running % $(nproc))) -ne 0 ] || wait
done
wait

for name; do
	executed=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$found/$name.log")
	edges=$(awk '$3 == "cov:" { edges = $4 } END { print edges }' "$found/$name.log")
	echo "$name: ${executed:-0} inputs in $seconds s, $(ls "$found/$name" | wc -l) of them new, ${edges:-0} edges"
	[ "${executed:-0}" -gt 0 ] || echo "$name" >>"$found/failed"
done
if [ -e "$found/failed" ]; then
	for name in $(sort -u "$found/failed"); do cat "$found/$name.log"; done
	exit 1
fi
echo "no crash"
