package auth_test

import (
	"crypto/sha256"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

func known(name, key string) auth.Known {
	k := auth.Known{Caller: auth.Caller{ID: name, Name: name, Tenants: []string{"t-" + name}, Rights: []auth.Right{auth.RequestsRead}}}
	if key != "" {
		k.Key = sha256.Sum256([]byte(key))
	}
	return k
}

func TestWhoIsCalling(t *testing.T) {
	t.Parallel()
	callers, err := auth.NewCallers([]auth.Known{known("a", "key-a"), known("queue", ""), known("b", "key-b")})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		header http.Header
		want   string
		code   problem.Code
	}{
		"the first":                    {http.Header{"X-Api-Key": {"key-a"}}, "a", ""},
		"the last":                     {http.Header{"X-Api-Key": {"key-b"}}, "b", ""},
		"no key":                       {http.Header{}, "", problem.MissingKey},
		"an empty key":                 {http.Header{"X-Api-Key": {""}}, "", problem.MissingKey},
		"an unknown key":               {http.Header{"X-Api-Key": {"key-c"}}, "", problem.WrongKey},
		"the key in upper case":        {http.Header{"X-Api-Key": {"KEY-A"}}, "", problem.WrongKey},
		"a trailing space":             {http.Header{"X-Api-Key": {"key-a "}}, "", problem.WrongKey},
		"two keys":                     {http.Header{"X-Api-Key": {"key-a", "key-a"}}, "", problem.WrongKey},
		"a principal header":           {http.Header{"X-Ms-Client-Principal": {"e30="}, "X-Ms-Client-Principal-Name": {"a"}, "X-Ms-Client-Principal-Id": {"a"}}, "", problem.MissingKey},
		"the header of the host's key": {http.Header{"X-Functions-Key": {"key-a"}}, "", problem.MissingKey},
		"a bearer token":               {http.Header{"Authorization": {"Bearer key-a"}}, "", problem.MissingKey},
		"a key of 32 zero bytes":       {http.Header{"X-Api-Key": {string(make([]byte, 32))}}, "", problem.WrongKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := callers.Identify(c.header)
			if c.code != "" {
				require.True(t, problem.Is(err, c.code), "%v", err)
				require.Equal(t, 401, problem.As(err).Status)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Name)
			require.True(t, got.Owns("t-"+c.want))
			require.False(t, got.Owns("t-queue"))
			require.NoError(t, got.Need(auth.RequestsRead))
			require.Equal(t, 403, problem.As(got.Need(auth.Bulk)).Status)
		})
	}
}

func TestTwoCallersDoNotShareAKeyOrAName(t *testing.T) {
	t.Parallel()
	_, err := auth.NewCallers([]auth.Known{known("a", "k"), known("b", "k")})
	require.ErrorContains(t, err, "same key")
	_, err = auth.NewCallers([]auth.Known{known("a", "k"), known("a", "l")})
	require.ErrorContains(t, err, `the name "a" is given to two callers`)
	twin := known("b", "l")
	twin.ID = "a"
	_, err = auth.NewCallers([]auth.Known{known("a", "k"), twin})
	require.ErrorContains(t, err, "the same id")
	twin.ID = ""
	_, err = auth.NewCallers([]auth.Known{twin})
	require.ErrorContains(t, err, "has no id")
	twin.ID = "c"
	named, err := auth.NewCallers([]auth.Known{known("a", "k"), twin})
	require.NoError(t, err)
	for id, name := range map[string]string{"a": "a", "c": "b", "b": "b", "gone": "gone", "step:wake": "step:wake"} {
		require.Equal(t, name, named.Name(id))
	}
	_, err = auth.NewCallers([]auth.Known{known("a", ""), known("b", "")})
	require.NoError(t, err, "two callers without a key are not the same")
}

func TestAKeyInTheURLIsRefused(t *testing.T) {
	t.Parallel()
	for _, query := range []string{"code=abc", "tenant=x&code=", "CODE=1", "key=local-dev-key", "x-api-key=1", "a=b;code=c", "apikey"} {
		require.True(t, problem.Is(auth.RefuseKeyInURL(query), problem.KeyInURL), query)
	}
	for _, query := range []string{"", "tenant=1&state=failed", "cursor=code", "keys=1"} {
		require.NoError(t, auth.RefuseKeyInURL(query), query)
	}
}

func TestACallIsAdmittedOrRefused(t *testing.T) {
	t.Parallel()
	callers, err := auth.NewCallers([]auth.Known{known("a", "key-a")})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		key       string
		right     auth.Right
		caller    string
		code      problem.Code
		challenge string
	}{
		"a caller with the right":    {"key-a", auth.RequestsRead, "a", "", ""},
		"a caller without the right": {"key-a", auth.Bulk, "a", problem.NoRight, ""},
		"an unknown caller":          {"key-b", auth.RequestsRead, "", problem.WrongKey, `ApiKey header="x-api-key"`},
		"no key":                     {"", auth.RequestsRead, "", problem.MissingKey, `ApiKey header="x-api-key"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := http.Header{}
			got, err := callers.Admit(http.Header{"X-Api-Key": {c.key}}, answer, c.right)
			require.Equal(t, c.caller, got.Name)
			require.Equal(t, c.challenge, answer.Get("WWW-Authenticate"))
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.True(t, problem.Is(err, c.code), "%v", err)
		})
	}
}
