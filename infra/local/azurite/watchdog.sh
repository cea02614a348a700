# usage: sh -c "$(cat watchdog.sh)" name dir program arguments…
# Runs the program and ends it when dir/lease was not touched for a minute, or is gone.
dir=$1
shift
"$@" </dev/null &
pid=$!
trap 'kill -TERM $pid' TERM INT HUP

unused() {
	[ ! -e "$dir/lease" ] || [ -n "$(find "$dir/lease" -mmin +${IDLE_MINUTES:-1} 2>/dev/null)" ]
}

while kill -0 $pid 2>/dev/null; do
	if unused; then
		# Hide the state first, then look again: who has found it has touched the lease before
		# that, see share in shared.go.
		mv "$dir/state.json" "$dir/state.ending" 2>/dev/null
		sleep 1
		if unused; then
			kill -TERM $pid
			sleep 2
			kill -KILL $pid 2>/dev/null
			break
		fi
		[ -e "$dir/state.json" ] || mv "$dir/state.ending" "$dir/state.json" 2>/dev/null
	fi
	sleep 5
done
wait $pid
