package devhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/rightsdesk/rightsdesk/infra/local/process"
)

// handler is one process of the app. A restart makes a new one with connections of its own, so
// that nothing is ever sent to a process that has ended.
type handler struct {
	process   *process.Process
	transport *http.Transport
	address   string      // 127.0.0.1:port
	wanted    atomic.Bool // the host ended it, so its end is not a crash
}

// startHandler starts the process with the environment and the directory that the host gives it.
func startHandler(a *app, port int, public string, log *slog.Logger) (*handler, error) {
	cmd := exec.Command(a.program)
	cmd.Dir, cmd.Env = a.dir, environment(a, port, public)
	cmd.Stdout, cmd.Stderr = process.NewLines(output{log: log}), process.NewLines(output{log: log, stderr: true})
	cmd.WaitDelay = time.Second // a process that it leaves behind may keep the outputs open
	process, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	return &handler{process: process, transport: transport(), address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}, nil
}

// environment is the host's own environment with all settings, and what the host adds.
func environment(a *app, port int, public string) []string {
	id, text := uuid.NewString(), strconv.Itoa(port)
	_, publicPort, _ := net.SplitHostPort(public)
	all := map[string]string{
		"AzureWebJobsScriptRoot":            a.dir,
		"FUNCTIONS_APP_ROOT_PATH":           a.dir,
		"FUNCTIONS_CORETOOLS_ENVIRONMENT":   "true",
		"FUNCTIONS_CUSTOMHANDLER_PORT":      text,
		"FUNCTIONS_CUSTOMHANDLER_WORKER_ID": id,
		"FUNCTIONS_HTTPWORKER_ID":           id,
		"FUNCTIONS_HTTPWORKER_PORT":         text,
		"FUNCTIONS_WORKER_RUNTIME":          "custom",
		"WEBSITE_HOSTNAME":                  net.JoinHostPort("localhost", publicPort),
	}
	var env []string
	for name, value := range a.settings {
		if _, ours := all[name]; !ours {
			env = append(env, name+"="+value)
		}
	}
	for name, value := range all {
		env = append(env, name+"="+value)
	}
	slices.Sort(env)
	return env
}

// transport is like the host's client: it has no limit on connections and adds nothing to a
// request.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 512,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
		WriteBufferSize:     32 << 10,
		ReadBufferSize:      32 << 10,
	}
}

// awaitAnswer polls GET / each 25 ms. Any answer means that the handler is ready, and so does
// every failure but one of the connection itself.
func (h *handler) awaitAnswer(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client := &http.Client{Transport: h.transport, CheckRedirect: noRedirect}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.address+"/", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err == nil {
			return resp.Body.Close()
		}
		var socket *net.OpError
		if ctx.Err() == nil && !errors.As(err, &socket) {
			return nil
		}
		select {
		case <-h.process.Done():
			return errors.New("the handler ended before it answered")
		case <-ctx.Done():
			return fmt.Errorf("no answer to GET / within %s", limit)
		case <-time.After(25 * time.Millisecond):
		}
	}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// kill ends the process by SIGKILL, as the host always does. It does not count as a crash.
func (h *handler) kill() {
	select {
	case <-h.process.Done():
		return // another process may have its id by now
	default:
	}
	h.wanted.Store(true)
	h.process.Kill()
}

// interruptAndKill ends the process as Ctrl-C in the host's terminal does: SIGINT reaches the
// handler as well, and the host kills it a moment later.
func (h *handler) interruptAndKill() {
	h.wanted.Store(true)
	_ = syscall.Kill(h.process.Pid(), syscall.SIGINT)
	select {
	case <-h.process.Done():
	case <-time.After(100 * time.Millisecond):
	}
	h.process.Kill()
}

// freePort takes a port below the range from which systems choose the ports of outgoing
// connections, because a handler that is started again must find it free.
func freePort() (int, error) {
	for range 200 {
		port := 20000 + rand.IntN(12000)
		ln, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, ln.Close()
		}
	}
	return 0, errors.New("no free port for the handler")
}
