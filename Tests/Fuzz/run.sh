#!/bin/sh
# Fuzzes each parser of untrusted bytes for SECONDS (30 by default), beginning with what is in corpus/; only those that are
# named, if any are:
#
#     Tests/Fuzz/run.sh [SECONDS [FuzzVarlink …]]
#
# A crash, a leak, an input that takes 10 s or 1 GiB of memory ends it with a status other than 0. The input is kept in
# .build/crashes: it belongs into corpus/ once it is fixed, so that it stays a regression test.
set -eu
cd "$(dirname "$0")"
seconds=${1:-30}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- FuzzVarlink FuzzSafetensors FuzzDatasets FuzzModelFiles

# These flags are for the project's targets, too. gold, the default linker, fails on them.
build="swift build -c release -Xswiftc -sanitize=fuzzer,address -Xswiftc -use-ld=lld -Xcc -fsanitize=fuzzer-no-link,address"
programs=$($build --show-bin-path)
mkdir -p .build/crashes
for name; do
	$build --product "$name"
	found=$(mktemp -d)
	status=0
	"$programs/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix=".build/crashes/$name-" "$found" "corpus/$name" 2>"$found.log" || status=$?
	executed=$(awk '/^stat::number_of_executed_units/ { print $2 }' "$found.log")
	coverage=$(awk '$2 == "DONE" { print $4 }' "$found.log")
	echo "$name: ${executed:-0} inputs in $seconds s, $(ls "$found" | wc -l) new ones, ${coverage:-0} edges"
	if [ "$status" -ne 0 ] || [ "${executed:-0}" -eq 0 ]; then
		cat "$found.log"
		exit 1
	fi
	rm -rf "$found" "$found.log" /dev/shm/sqzd-fuzz-*
done
echo "no crash"
