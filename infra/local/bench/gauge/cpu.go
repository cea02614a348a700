package gauge

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// CPUSeconds is the processor time that a process has used, or 0 where /proc does not tell.
// Unlike a rate it hardly depends on what else runs on the machine.
func CPUSeconds(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	// The name in brackets may hold blanks. utime and stime are the 12th and 13th field after
	// it, in hundredths of a second (proc(5)).
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}
