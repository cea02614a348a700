package tape

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/calls"
)

// Player plays recorded calls on an Azurite by plain HTTP.
type Player struct {
	hosts  map[string]string // by service
	key    []byte
	client *http.Transport
	ids    Fresh

	mu       sync.Mutex
	messages map[string]message // by text: the last receipt
	unlike   atomic.Int64
}

// NewPlayer returns a player that gives the calls the ids of another run.
func NewPlayer(e azurite.Endpoints, ids Fresh) (*Player, error) {
	p := &Player{
		hosts: map[string]string{}, ids: ids, messages: map[string]message{},
		client: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: 60 * time.Second, DisableCompression: true},
	}
	for service, endpoint := range map[string]string{calls.Tables: e.TableURL, calls.Queues: e.QueueURL, calls.Blobs: e.BlobURL} {
		u, err := url.Parse(endpoint)
		if err != nil {
			return nil, err
		}
		p.hosts[service] = u.Host
	}
	var err error
	p.key, err = base64.StdEncoding.DecodeString(azurite.AccountKey)
	return p, err
}

// Played is what a player did.
type Played struct {
	Calls   int
	Seconds float64
	// Unlike is how many calls had another status than the recorded ones. An ETag of another run
	// means nothing, so a refused change is one that is made here.
	Unlike int
}

// Play plays the lanes in their order, some at once. Within a lane a call waits for those that had
// been answered when it was made. What can be prepared is prepared before the clock starts.
func (p *Player) Play(ctx context.Context, lanes []Lane, atOnce int) (Played, error) {
	ready := make([][]prepared, len(lanes))
	out, texts := Played{}, map[string]string{}
	for _, lane := range lanes {
		for _, c := range lane {
			for _, m := range c.Messages {
				texts[m.ID] = p.ids.Text(m.Text)
			}
		}
	}
	for i, lane := range lanes {
		for _, c := range lane {
			one, err := p.prepare(c, texts)
			if err != nil {
				return out, err
			}
			ready[i] = append(ready[i], one)
		}
		out.Calls += len(lane)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	began := time.Now()
	for _, lane := range ready {
		g.Go(func() error { return p.lane(gctx, lane) })
	}
	err := g.Wait()
	out.Seconds, out.Unlike = time.Since(began).Seconds(), int(p.unlike.Swap(0))
	p.client.CloseIdleConnections()
	return out, err
}

// lane plays one lane.
func (p *Player) lane(ctx context.Context, lane []prepared) error {
	done := make([]chan struct{}, len(lane))
	for i := range done {
		done[i] = make(chan struct{})
	}
	g, gctx := errgroup.WithContext(ctx)
	for i, c := range lane {
		g.Go(func() error {
			defer close(done[i])
			for j, before := range lane[:i] {
				if before.Ended > c.Began {
					continue
				}
				select {
				case <-done[j]:
				case <-gctx.Done():
					return gctx.Err()
				}
			}
			return p.do(gctx, c)
		})
	}
	return g.Wait()
}

// prepared is a call with the ids of another run.
type prepared struct {
	Call
	url  *url.URL
	text string // of the message that is sent or deleted
}

// condition matches the ETag of a row within a transaction.
var condition = regexp.MustCompile(`(?mi)^If-Match: [^\r\n]*`)

// dropped are headers that are made anew, or that other ids would belie.
var dropped = []string{"Authorization", "X-Ms-Date", "Date", "Connection", "Content-Length", "Content-Md5", "X-Ms-Content-Crc64"}

func (p *Player) prepare(c Call, texts map[string]string) (prepared, error) {
	out := prepared{Call: c, text: texts[c.messageID()]}
	if c.Op == calls.Message {
		out.text = p.ids.Text(c.Text)
	}
	if c.Service != calls.Blobs {
		out.Body = condition.ReplaceAll(p.ids.Bytes(c.Body), []byte("If-Match: *"))
	}
	out.Header = http.Header{}
	for name, values := range c.Header {
		out.Header.Set(name, p.ids.Text(values[0]))
	}
	for _, name := range dropped {
		out.Header.Del(name)
	}
	if out.Header.Get("If-Match") != "" {
		out.Header.Set("If-Match", "*")
	}
	if len(out.Body) > 0 {
		out.Header.Set("Content-Length", strconv.Itoa(len(out.Body)))
	}
	var err error
	out.url, err = url.Parse("http://" + p.hosts[c.Service] + p.ids.Text(c.URI))
	return out, err
}

// do makes one call and takes down which messages the answer names.
func (p *Player) do(ctx context.Context, c prepared) error {
	at := *c.url
	if c.Op == calls.Done {
		if m, ok := p.last(c.text); ok {
			at.Path = at.Path[:len(at.Path)-len(c.messageID())] + m.ID
			at.RawQuery = "popreceipt=" + url.QueryEscape(m.Receipt)
		}
	}
	req := (&http.Request{Method: c.Method, URL: &at, Host: at.Host, Header: c.Header.Clone(), ContentLength: int64(len(c.Body))}).WithContext(ctx)
	if len(c.Body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(c.Body))
	}
	sign(req, c.Service, p.key)
	resp, err := p.client.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("play %s: %w", c.Name(), err)
	}
	answer, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return fmt.Errorf("play %s: %w", c.Name(), err)
	}
	if resp.StatusCode == http.StatusForbidden || resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("play %s: Azurite answers %d: %.200s", c.Name(), resp.StatusCode, answer)
	}
	if resp.StatusCode != c.Status {
		p.unlike.Add(1)
	}
	if c.Op == calls.Message || c.Op == calls.Receive {
		p.mu.Lock()
		for _, m := range messagesIn(answer, c.text) {
			p.messages[m.Text] = m
		}
		p.mu.Unlock()
	}
	return nil
}

// last returns the message with a text as it was last sent or received.
func (p *Player) last(text string) (message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, ok := p.messages[text]
	return m, ok
}
