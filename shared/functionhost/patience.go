package functionhost

import (
	"io"
	"net/http"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

// How long a connection may keep the handler waiting. The host passes bodies on as they come, so a
// slow caller is slow here, too.
const (
	// bodyWait is how long a body is waited for in all, with a second more for each bodyRate bytes
	// that came: 30 s for JSON and for a job's envelope, and five minutes for an upload of 64 MiB.
	bodyWait = 30 * time.Second
	bodyRate = 256 << 10
	// drainWait is how long the rest of a body that was not wanted is waited for. net/http
	// reads up to 256 KiB of it before it answers. A caller who was refused has the answer
	// after that time at the latest, and loses the connection.
	drainWait = 2 * time.Second
	// idleWait is how long a connection stays open between two requests. The host keeps one for
	// 1 to 2 minutes. Because this is longer, it is the host that closes, and no message is
	// sent into a closing connection.
	idleWait = 5 * time.Minute
)

// patient lets no request wait for its body for ever. The deadlines are those of the
// connection, so w must be the server's own writer. Clocks tell the time of day.
func patient(next http.Handler, clocks clock.Clocks) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		b := &body{ReadCloser: r.Body, conn: http.NewResponseController(w), clocks: clocks, left: bodyWait}
		b.until(clocks.Wall().Add(bodyWait)) // an answer may begin before anybody reads
		defer b.leave()
		with := *r
		with.Body = b
		next.ServeHTTP(w, &with)
	})
}

// body is a request's body that is waited for only so long. Time in which nobody reads does not
// count.
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
		// From now on net/http watches whether the caller goes away: a deadline would end the call.
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

// until sets the deadline. It fails on a closed connection only.
func (b *body) until(t time.Time) { _ = b.conn.SetReadDeadline(t) }
