package functionhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// Listen listens on 127.0.0.1:port, the only address that the host dials. Calls that come before
// Serve wait for it.
func Listen(ctx context.Context, port string) (net.Listener, error) {
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, errors.New("FUNCTIONS_CUSTOMHANDLER_PORT, which the host sets, is not a port number")
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("listen for the host: %w", err)
	}
	return ln, nil
}

// Serve serves the calls of the host until ctx ends. It never returns nil, so that its caller exits
// with a failure: the host does not restart a handler that exits with 0.
//
// It ignores SIGINT for the whole process. Ctrl-C in a terminal reaches the handler as well,
// and the host, which is stopping, would count the handler's end as a crash. The host ends
// its handler by SIGKILL.
//
// It gives up, by the wall clock, on callers who are slow to send.
func Serve(ctx context.Context, ln net.Listener, h http.Handler, clocks clock.Clocks, log *slog.Logger) error {
	signal.Ignore(os.Interrupt)
	server := newServer(ctx, h, clocks, log)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve(ln)
	if ctx.Err() != nil {
		return fmt.Errorf("serve the host: %w", context.Cause(ctx))
	}
	if err == nil {
		err = errors.New("the listener ended")
	}
	return fmt.Errorf("serve the host: %w", err)
}

func newServer(ctx context.Context, h http.Handler, clocks clock.Clocks, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           patient(h, clocks),
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       idleWait,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}
