package aztable

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// answering is a transport that answers every request alike.
type answering struct{ body, contentType string }

func (a answering) Do(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusAccepted, Header: http.Header{"Content-Type": {a.contentType}}, Body: io.NopCloser(strings.NewReader(a.body)), Request: req,
	}, nil
}

const (
	outerType = "multipart/mixed; boundary=b"
	good      = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" +
		"--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 204 No Content\r\nETag: W/\"1\"\r\n\r\n\r\n--c--\r\n--b--\r\n"
	refused = "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n" +
		"--c\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 412 Precondition Failed\r\nContent-Type: application/json\r\n\r\n" +
		`{"odata.error":{"code":"UpdateConditionNotSatisfied","message":{"lang":"en-US","value":"7:The update condition …"}}}` + "\r\n--c--\r\n--b--\r\n"
)

func TestAnswersOfTransactions(t *testing.T) {
	t.Parallel()
	do := func(body, contentType string, rows int) error {
		o := azcore.ClientOptions{Transport: answering{body, contentType}, Retry: policy.RetryOptions{MaxRetries: -1}}
		c, err := aztables.NewServiceClientWithNoCredential("http://127.0.0.1/acct", &aztables.ClientOptions{ClientOptions: o})
		require.NoError(t, err)
		tables, err := New(c, "")
		require.NoError(t, err)
		var ops []row.Op
		for range rows {
			ops = append(ops, row.Op{Kind: row.Insert, Row: row.New("p", "r")})
		}
		err = tables.Table("t").Transact(t.Context(), ops)
		if err == nil {
			require.Equal(t, `W/"1"`, ops[0].Row.ETag)
		}
		return err
	}
	require.NoError(t, do(good, outerType, 1))
	require.ErrorIs(t, do(good, outerType, 2), failure.ErrCut, "an answer for one of two rows")
	require.Error(t, do("", outerType, 1), "the SDK panics on an empty body")
	require.Error(t, do("\n", outerType, 1))
	require.Error(t, do(good[:40], outerType, 1))
	require.Error(t, do(good, "text/plain", 1))
	err := do(refused, outerType, 1)
	got := row.AsRefusal(err)
	require.NotNil(t, got)
	require.Equal(t, []any{row.Changed, 7}, []any{got.Reason, got.Op})
	require.Equal(t, "store: commit: HTTP 412 UpdateConditionNotSatisfied", failure.Wrap("commit", err).Error())
}

func TestUnconditionalWritesAreRefused(t *testing.T) {
	t.Parallel()
	tb := &table{} // no call is made
	for _, etag := range []string{"", "*"} {
		r := row.New("p", "r")
		r.ETag = etag
		for name, err := range map[string]error{
			"replace": tb.Replace(t.Context(), r), "delete": tb.Delete(t.Context(), r),
			"replace in a transaction": tb.Transact(t.Context(), []row.Op{{Kind: row.Replace, Row: r}}),
			"delete in a transaction":  tb.Transact(t.Context(), []row.Op{{Kind: row.Delete, Row: r}}),
		} {
			require.ErrorContains(t, err, "refused", "%s under %q", name, etag)
		}
	}
}

func FuzzInnerAnswers(f *testing.F) {
	f.Add([]byte(good), outerType)
	f.Add([]byte(refused), outerType)
	f.Add([]byte(""), "")
	f.Fuzz(func(_ *testing.T, body []byte, contentType string) {
		innerAnswers(&http.Response{Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(bytes.NewReader(body))})
	})
}

func FuzzDecode(f *testing.F) {
	r := row.New("t|1", "h")
	r.SetInt("seq", 1)
	r.SetBytes("private", []byte{1})
	b, err := encode(r)
	require.NoError(f, err)
	f.Add(b)
	f.Add([]byte(`{"PartitionKey":"a","RowKey":"h","seq":"x","tasks0@odata.type":"Edm.Binary","tasks0":"bnVsbA=="}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode(b, "")
		if err != nil {
			return
		}
		for name := range r.Values() {
			_, _, _, _, _ = r.Text(name), r.Int(name), r.Flag(name), r.Time(name), r.Bytes(name)
		}
	})
}
