package devhost

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProxiedPath(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]string{
		"/api/echo/a%20b/c":            "/api/echo/a%20b/c",
		"/api/echo/..%2f..%2fqok":      "/api/echo/..%252f..%252fqok",
		"/api/echo/..%2F..%2Fqok":      "/api/echo/..%252F..%252Fqok",
		"/api/echo/a%40b.com%2B%3A%7E": "/api/echo/a@b.com+:~",
		"/api/echo/%3F%23":             "/api/echo/%3F%23",
		"/api/echo/%25/%E4%B8%96":      "/api/echo/%25/%E4%B8%96",
		"/api/echo/%e4%b8%96":          "/api/echo/%E4%B8%96",
		"/api/echo/./x/../y/":          "/api/echo/y/",
		"/api/%2e%2e/%2e%2e/tick":      "/tick",
		"/":                            "/",
	} {
		path, status := decodePath(sent)
		require.Zero(t, status, sent)
		require.Equal(t, want, encodePath(path), sent)
	}
	for sent, want := range map[string]int{"/api//x": http.StatusNotFound, "/api/a%00": http.StatusBadRequest} {
		_, status := decodePath(sent)
		require.Equal(t, want, status, sent)
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	for sent, want := range map[string]struct{ forwarded, proxied string }{
		"x=1&x=2&y=%2B+z": {"x=1,2&y=%2B%20z", "x=1&x=2&y=%2B+z"},
		"q=%E4%B8%96":     {"q=%E4%B8%96", "q=%E4%B8%96"},
		"x=%zz":           {"x=%25zz", "x=%25zz"},
		"code=abc&X=1":    {"code=abc&X=1", "code=abc&X=1"},
		"flag&=v":         {"flag=&=v", "flag&=v"},
		"x=%":             {"x=%25", "x=%25"},
		"":                {"", ""},
	} {
		require.Equal(t, want.forwarded, forwardedQuery(sent), sent)
		require.Equal(t, want.proxied, proxiedQuery(sent), sent)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	for template, tc := range map[string]struct{ fits, not []string }{
		"echo/{*path}":    {[]string{"/api/echo", "/api/echo/", "/api/echo/a/b", "/API/Echo/x"}, []string{"/echo/x", "/api/echoes", "/api"}},
		"openapi.json":    {[]string{"/api/openapi.json", "/api/OpenAPI.json/"}, []string{"/api/openapi.json/x"}},
		"items/{id:guid}": {[]string{"/api/items/6f9619ff-8b86-d011-b42d-00c04fc964ff"}, []string{"/api/items/7", "/api/items", "/api/items/"}},
		"items/{name}":    {[]string{"/api/items/abc"}, []string{"/api/items", "/api/items/a/b"}},
		"":                {[]string{"/api", "/api/"}, []string{"/", "/api/x"}},
	} {
		r, err := parseRoute("api", template)
		require.NoError(t, err, template)
		for _, path := range tc.fits {
			require.True(t, r.match(path), "%s should fit %s", path, template)
		}
		for _, path := range tc.not {
			require.False(t, r.match(path), "%s should not fit %s", path, template)
		}
	}
	r, err := parseRoute("", "")
	require.NoError(t, err)
	require.True(t, r.match("/"))
	_, err = parseRoute("api", "{*all}/more")
	require.Error(t, err)
}

func FuzzPaths(f *testing.F) {
	f.Add("/api/..%2f%2e%2e/%zz%E4%B8%96", "x=%zz&y=1,2")
	f.Fuzz(func(t *testing.T, path, query string) {
		decoded, _ := decodePath(path)
		again, err := url.PathUnescape(encodePath(decoded))
		require.NoError(t, err)
		require.Equal(t, decoded, again)
		if strings.HasPrefix(path, "/") {
			require.NotContains(t, strings.Split(decoded, "/"), "..")
		}
		_, _ = forwardedQuery(query), proxiedQuery(query)
	})
}
