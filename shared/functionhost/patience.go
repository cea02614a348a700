package functionhost

import (
	"io"
	"net/http"
	"time"
)

// How long a connection may keep us waiting. The host passes bodies on as they come: what a slow caller does reaches us.
const (
	// bodyWait is how long a body may be waited for in all, with a second more for each bodyRate bytes that came: 30 s for JSON and for a
	// job's envelope, and five minutes for an upload of 64 MiB.
	bodyWait = 30 * time.Second
	bodyRate = 256 << 10
	// drainWait is how long the rest of a body that was not wanted is waited for. net/http reads up to 256 KiB of it, and before it
	// answers: a caller who was refused is answered after that time at the latest, and loses the connection.
	drainWait = 2 * time.Second
	// idleWait is how long a connection stays open between two requests: longer than the host keeps one (1 to 2 minutes), so that it
	// is the host who closes and no message is sent into a closing connection.
	idleWait = 5 * time.Minute
)

// patient lets no request wait for its body for ever. The deadlines are those of the connection: w must be the server's own writer.
func patient(next http.Handler, wall func() time.Time) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body, conn: http.NewResponseController(w), wall: wall, left: bodyWait}
		b.until(wall().Add(bodyWait)) // an answer may begin before anybody reads
		defer b.leave()
		with := *r
		with.Body = b
		next.ServeHTTP(w, &with)
	})
}

// body is a request's body that is waited for only so long. The time in which nobody reads does not count.
type body struct {
	io.ReadCloser
	conn  *http.ResponseController
	wall  func() time.Time
	left  time.Duration
	ended bool
}

func (b *body) Read(p []byte) (int, error) {
	if b.ended {
		return b.ReadCloser.Read(p)
	}
	began := b.wall()
	b.until(began.Add(b.left))
	n, err := b.ReadCloser.Read(p)
	b.left += time.Duration(n)*time.Second/bodyRate - b.wall().Sub(began)
	if err != nil {
		b.ended = true
	}
	if err == io.EOF {
		// net/http listens from now on whether the caller goes away: a deadline would end the call.
		b.until(time.Time{})
	}
	return n, err
}

// leave is after the handler. net/http sets its own deadline before the next request.
func (b *body) leave() {
	if !b.ended {
		b.until(b.wall().Add(drainWait))
	}
}

// until sets the deadline. It fails for a connection that is closed only.
func (b *body) until(t time.Time) { _ = b.conn.SetReadDeadline(t) }
