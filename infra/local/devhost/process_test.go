package devhost

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// What a process is started with is compared with the recording, but for what the machine adds.
func TestAProcessStartsAsRecorded(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/timer.jsonl")
	require.NoError(t, err)
	want := parseRecords(t, b)[0]
	require.Equal(t, "start", want.Event)
	w := run(t, setup{functions: map[string]string{"echo": echo}})
	got := w.starts()[0]
	env := map[string]string{}
	for _, pair := range got.Env {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	for _, pair := range want.Env {
		name, value, _ := strings.Cut(pair, "=")
		have, ok := env[name]
		require.True(t, ok, name)
		switch name {
		case "AzureWebJobsScriptRoot", "FUNCTIONS_APP_ROOT_PATH":
			require.Equal(t, got.Cwd, have, name)
		case "AzureWebJobsStorage":
			require.Equal(t, w.storage, have)
		case "FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT":
			require.Regexp(t, `^\d+$`, have)
		case "FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "FUNCTIONS_HTTPWORKER_ID":
			require.Len(t, have, 36)
			require.Equal(t, env["FUNCTIONS_HTTPWORKER_ID"], have)
		case "WEBSITE_HOSTNAME":
			require.Equal(t, "localhost:"+w.url[strings.LastIndexByte(w.url, ':')+1:], have)
		default:
			require.Equal(t, value, have, name)
		}
	}
	require.Equal(t, w.prefix, env["AzureFunctionsWebHost__hostid"], "all settings of the host are passed on")
	exe, err := os.Executable()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]string{exe}, got.Args))
}

func TestOutputIsLogged(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"echo": echo}})
	w.do("GET", "/api/echo/print", nil)
	for _, line := range []string{`"level":"INFO","msg":"to stdout"`, `"level":"WARN","msg":"a Warning"`, `"level":"ERROR","msg":"an error"`} {
		w.until(line, func() bool { return strings.Contains(w.log.String(), line) })
	}
}

func TestTheThirdCrashStopsTheHost(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"echo": echo}, workers: 2})
	crash := func() {
		at := w.workers()[0].PID
		w.kill(at)
		w.until("seen", func() bool {
			pid := w.workers()[0].PID
			return pid != at && (pid != 0 || w.workers()[0].State == string(stopped))
		})
	}
	for range 3 {
		crash()
	}
	require.Equal(t, string(stopped), w.workers()[0].State)
	for range 4 {
		status, _, _ := w.do("GET", "/api/echo", nil)
		require.Equal(t, 200, status, "the other host goes on")
	}
	for range 3 {
		pid := w.workers()[1].PID
		w.kill(pid)
		w.until("seen", func() bool {
			select {
			case <-w.done:
				return true
			default:
				// The public port may close between the look and the call.
				resp, err := http.Get(w.url + "/admin/devhost/workers")
				if err != nil {
					return false
				}
				defer resp.Body.Close()
				var all []Worker
				return json.NewDecoder(resp.Body).Decode(&all) == nil && all[1].PID != pid && all[1].PID != 0
			}
		})
	}
	require.ErrorIs(t, w.stop(), errStopped)
	require.Len(t, w.starts(), 6)
}

func TestAStoppedHostIsStartedAgain(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"echo": echo}, restart: true})
	for n := range 7 {
		w.until("running", func() bool { return w.workers()[0].PID != 0 && len(w.starts()) == n+1 })
		w.kill(w.workers()[0].PID)
	}
	w.until("eight processes", func() bool { return len(w.starts()) == 8 })
	require.Equal(t, 2, strings.Count(w.log.String(), "the platform starts it again"))
	status, _, _ := w.do("GET", "/api/echo", nil)
	require.Equal(t, 200, status)
}

func TestCrashesFarApartAreNotAddedUp(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"echo": echo}, tune: func(t *tuning) { t.crashWindow = 0 }})
	for n := range 5 {
		w.do("POST", "/api/echo/exit1", nil)
		w.until("a new process", func() bool { return len(w.starts()) == n+2 })
	}
}

// A handler that never answers counts as a crash after the limit, three times.
func TestAHandlerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	w := run(t, setup{
		functions: map[string]string{"echo": echo}, flags: bothFlags + `,"initializationTimeout":"00:00:00.3"`,
		env: []string{"DEVHOST_TEST_DEAF=1"}, noReady: true,
	})
	<-w.done
	require.ErrorIs(t, w.stop(), errStopped)
	require.Len(t, w.starts(), 3)
	require.Contains(t, w.log.String(), "no answer to GET / within 300ms")
}

// On Ctrl-C in the terminal the handler gets the signal too, and is killed a moment later.
func TestTheHandlerGetsCtrlCToo(t *testing.T) {
	t.Parallel()
	w := run(t, setup{functions: map[string]string{"echo": echo}})
	require.NoError(t, w.stop())
	all := w.all()
	require.Equal(t, "signal", all[len(all)-1].Event)
	require.Equal(t, "interrupt", all[len(all)-1].Signal)
	require.ErrorIs(t, syscall.Kill(all[0].PID, 0), syscall.ESRCH, "it is gone")
}

func TestTextLogIsInUTC(t *testing.T) {
	t.Parallel()
	log := &logged{}
	at := time.Date(2026, 4, 1, 1, 30, 0, 0, time.FixedZone("IST", 5*60*60+30*60))
	require.NoError(t, NewTextLog(log, slog.LevelInfo).Handle(t.Context(), slog.NewRecord(at, slog.LevelInfo, "m", 0)))
	require.Equal(t, "20:00:00.000Z host INFO  m\n", log.String())
}

func TestHandlerOutput(t *testing.T) {
	t.Parallel()
	log := &logged{}
	l := output{log: slog.New(NewTextLog(log, slog.LevelInfo))}
	for _, line := range []string{"one", "two", ""} {
		l.Line([]byte(line))
	}
	text := log.String()
	require.Contains(t, text, " INFO  one\n")
	require.Contains(t, text, " INFO  two\n")
	require.Equal(t, 2, strings.Count(text, "\n"), "an empty line is left out")
}
