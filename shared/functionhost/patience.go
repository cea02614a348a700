package functionhost

import (
	"io"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// How long a connection may keep the handler waiting. The host passes bodies on as they come,
// so a slow caller is slow here, too.
const (
	// bodyWait is how long the handler waits for a whole body. Each bodyRate bytes that
	// arrive add a second: that is 30 s for JSON and for a job's envelope, and almost five
	// minutes for an upload of 64 MiB.
	bodyWait = 30 * time.Second
	bodyRate = 256 << 10
	// drainWait is how long the handler waits for the rest of a body that it does not want.
	// net/http reads up to 256 KiB of it before it answers. A refused caller has the answer
	// after that time at the latest, and loses the connection.
	drainWait = 2 * time.Second
	// idleWait is how long a connection stays open between two requests. The host keeps one
	// open for 1 to 2 minutes. idleWait is longer, so the host closes first and never sends a
	// message into a closing connection.
	idleWait = 5 * time.Minute
)

// patient lets no request wait forever for its body, by the wall clock. The deadlines are
// those of the connection, so w must be the server's own writer.
func patient(next http.Handler, clocks clock.Clocks) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body, conn: http.NewResponseController(w), clocks: clocks, left: bodyWait}
		b.until(clocks.Wall().Add(bodyWait)) // an answer may begin before the body is read
		defer b.leave()
		with := *r
		with.Body = b
		next.ServeHTTP(w, &with)
	})
}

// body is a request's body that is waited for only so long. Time in which the handler does
// not read does not count.
type body struct {
	io.ReadCloser
	conn   *http.ResponseController
	clocks clock.Clocks
	left   time.Duration
	ended  bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	began := b.clocks.Wall()
	b.until(began.Add(b.left))
	n, err := b.ReadCloser.Read(p)
	b.left += time.Duration(n)*time.Second/bodyRate - b.clocks.Wall().Sub(began)
	if err != nil {
		b.ended = true
	}
	if err == io.EOF {
		// net/http now watches whether the caller goes away, and a deadline would end the
		// call.
		b.until(time.Time{})
	}
	return n, err
}

// leave is called after the handler. net/http sets its own deadline before the next request.
func (b *body) leave() {
	if !b.ended {
		b.until(b.clocks.Wall().Add(drainWait))
	}
}

// until sets the deadline. It fails only on a closed connection.
func (b *body) until(t time.Time) { _ = b.conn.SetReadDeadline(t) }
