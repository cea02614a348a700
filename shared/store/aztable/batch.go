package aztable

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
	"github.com/rightsdesk/rightsdesk/shared/store/row"
)

// kinds are the service's names for what a transaction does to a row.
var kinds = map[row.Kind]aztables.TransactionType{
	row.Insert: aztables.TransactionTypeAdd, row.Replace: aztables.TransactionTypeUpdateReplace,
	row.Upsert: aztables.TransactionTypeInsertMerge, row.Delete: aztables.TransactionTypeDelete,
}

// action returns an operation in the form that the SDK takes.
func action(o row.Op) (aztables.TransactionAction, error) {
	b, err := encode(o.Row)
	if err != nil {
		return aztables.TransactionAction{}, err
	}
	a := aztables.TransactionAction{ActionType: kinds[o.Kind], Entity: b}
	if o.Kind == row.Replace || o.Kind == row.Delete {
		a.IfMatch, err = version(o.Row)
	}
	return a, err
}

// Transact implements row.Table.
func (t *table) Transact(ctx context.Context, ops []row.Op) error {
	if len(ops) == 0 {
		return nil
	}
	actions := make([]aztables.TransactionAction, len(ops))
	for i, o := range ops {
		var err error
		if actions[i], err = action(o); err != nil {
			return err
		}
	}
	answers, err := submit(ctx, t.client, actions)
	if err != nil {
		return classify(err)
	}
	if len(answers) != len(ops) {
		return failure.ErrCut
	}
	for i, a := range answers {
		if ops[i].Kind != row.Delete {
			ops[i].Row.ETag = a.etag
		}
	}
	return nil
}

// submit sends a transaction and reads the inner answers, which the SDK does not return.
func submit(ctx context.Context, t *aztables.Client, actions []aztables.TransactionAction) (answers []innerAnswer, err error) {
	defer func() {
		if p := recover(); p != nil { // aztables 1.4.1 panics on an empty body: slice out of range
			answers, err = nil, failure.ErrCut
		}
	}()
	var resp *http.Response
	_, err = t.SubmitTransaction(policy.WithCaptureResponse(ctx, &resp), actions, nil)
	var re *azcore.ResponseError
	if err != nil && (!errors.As(err, &re) || re.StatusCode != http.StatusAccepted) {
		return nil, err
	}
	if resp == nil {
		return nil, errors.Join(failure.ErrCut, err)
	}
	answers = innerAnswers(resp)
	for _, a := range answers {
		if a.status >= 400 {
			return nil, &batchError{status: a.status, code: a.code, index: a.index, cause: err}
		}
	}
	if err != nil {
		return nil, errors.Join(failure.ErrCut, err)
	}
	return answers, nil
}

// innerAnswer is what the answer of a transaction says about one row.
type innerAnswer struct {
	status int
	etag   string
	code   string
	index  int
}

// innerAnswers reads the inner answers that are complete.
func innerAnswers(resp *http.Response) []innerAnswer {
	body, err := runtime.Payload(resp)
	if err != nil {
		return nil
	}
	outer := firstPart(body, resp.Header.Get("Content-Type"))
	if outer == nil {
		return nil
	}
	content, _ := io.ReadAll(outer)
	var out []innerAnswer
	parts := partsOf(content, outer.Header.Get("Content-Type"))
	for parts != nil {
		p, err := parts.NextPart()
		if err != nil {
			break
		}
		r, err := http.ReadResponse(bufio.NewReader(p), nil)
		if err != nil {
			break
		}
		out = append(out, readInner(r))
	}
	return out
}

func partsOf(body []byte, contentType string) *multipart.Reader {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return nil
	}
	return multipart.NewReader(bytes.NewReader(body), params["boundary"])
}

func firstPart(body []byte, contentType string) *multipart.Part {
	r := partsOf(body, contentType)
	if r == nil {
		return nil
	}
	p, err := r.NextPart()
	if err != nil {
		return nil
	}
	return p
}

func readInner(r *http.Response) innerAnswer {
	a := innerAnswer{status: r.StatusCode, etag: r.Header.Get("ETag"), index: -1}
	if r.StatusCode < 400 {
		return a
	}
	var body struct {
		Error struct {
			Code    string `json:"code"`
			Message struct {
				Value string `json:"value"`
			} `json:"message"`
		} `json:"odata.error"`
	}
	if b, err := io.ReadAll(r.Body); err == nil && json.Unmarshal(b, &body) == nil {
		a.code = body.Error.Code
		// "1:The update condition …" is about the second row.
		if n, _, ok := strings.Cut(body.Error.Message.Value, ":"); ok {
			if i, err := strconv.Atoi(n); err == nil {
				a.index = i
			}
		}
	}
	return a
}
