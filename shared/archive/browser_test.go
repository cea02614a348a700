package archive

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part/parttest"
)

// browser starts Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium on this machine: the index is not looked at in a browser (apt-get install chromium)")
	}
	o := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1200, 900), chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), o...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}

// accessible is what an audit would look for first. It returns what is wrong, one line each.
const accessible = `(() => {
	const wrong = [];
	const must = (ok, what) => { if (!ok) wrong.push(what); };
	must(document.documentElement.lang === 'en', 'no language');
	must(document.title !== '', 'no title');
	must(document.querySelectorAll('h1').length === 1, 'not one h1');
	must(document.querySelectorAll('main').length === 1, 'not one main');
	must(document.querySelectorAll('script, img, iframe, object, link, form').length === 0, 'an element that loads or runs something');
	let last = 0;
	for (const h of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
		const level = Number(h.tagName[1]);
		must(level <= last + 1, 'heading skips a level: ' + h.textContent);
		must(h.textContent.trim() !== '', 'empty heading');
		last = level;
	}
	for (const t of document.querySelectorAll('table')) {
		must(t.caption && t.caption.textContent.trim() !== '', 'table without caption');
		for (const th of t.querySelectorAll('th')) must(th.scope === 'col' || th.scope === 'row', 'th without scope');
	}
	const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
	must(new Set(ids).size === ids.length, 'an id is used twice');
	for (const a of document.querySelectorAll('a')) {
		must(a.textContent.trim() !== '', 'link without text');
		const to = a.getAttribute('href');
		if (to.startsWith('#')) must(document.getElementById(to.slice(1)), 'link to nothing: ' + to);
	}
	for (const e of document.querySelectorAll('[aria-labelledby]')) must(document.getElementById(e.getAttribute('aria-labelledby')), 'label that is not there');
	for (const dl of document.querySelectorAll('dl')) for (const d of dl.children) must(d.tagName === 'DIV' && d.querySelector('dt') && d.querySelector('dd'), 'dl with something else in it');
	const lum = c => { const [r, g, b] = c.match(/[\d.]+/g).map(Number).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
	const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!c.endsWith(', 0)') && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
	for (const e of document.querySelectorAll('p, dt, dd, th, td, a, h1, h2, h3, h4, h5, li, caption, span')) {
		const a = lum(getComputedStyle(e).color), b = lum(ground(e));
		must((Math.max(a, b) + .05) / (Math.min(a, b) + .05) >= 4.5, 'too little contrast: ' + e.tagName + '.' + e.className);
	}
	must(document.documentElement.scrollWidth <= window.innerWidth, 'scrolls sideways at ' + window.innerWidth);
	must(getComputedStyle(document.querySelector('h1')).fontSize !== '32px', 'the style was not applied');
	return [...new Set(wrong)];
})()`

// saw runs an action of the browser.
func saw[T any](ctx context.Context, t *testing.T, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	require.NoError(t, err)
	return v
}

func TestIndexInABrowser(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	stored, members := jane()
	var body bytes.Buffer
	require.NoError(t, writeIndex(&body, contentsOf(t, parttest.WithTrouble(parttest.Asked(dsr.GDPR, dsr.Access)), stored, members...)))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(body.Bytes())
	}))
	t.Cleanup(srv.Close)

	var mu sync.Mutex
	var requests, complaints []string
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			requests = append(requests, e.Request.URL)
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		}
	}))
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(srv.URL)))
	heading := saw(ctx, t, chromedp.Text("h1"))
	wrong := saw(ctx, t, chromedp.Evaluate[[]string](accessible))
	wide := saw(ctx, t, chromedp.FullScreenshot(100))
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(360, 800)))
	narrowly := saw(ctx, t, chromedp.Evaluate[[]string](accessible))
	narrow := saw(ctx, t, chromedp.FullScreenshot(100))
	require.Equal(t, "Your personal data", heading)
	require.Empty(t, wrong)
	require.Empty(t, narrowly)
	mu.Lock()
	defer mu.Unlock()
	for _, url := range requests {
		require.Contains(t, []string{srv.URL + "/", srv.URL + "/favicon.ico"}, url, "the page asks for something")
	}
	for _, text := range complaints {
		require.Contains(t, text, "404", "the policy or the page is wrong: the browser looks for a favicon only")
	}
	if dir := os.Getenv("RIGHTSDESK_SCREENSHOTS"); dir != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "index-wide.png"), wide, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "index-narrow.png"), narrow, 0o600))
	}
}
