package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// request is what the command line reads of a request.
type request struct {
	ID         string    `json:"id"`
	State      dsr.State `json:"state"`
	ReceivedAt time.Time `json:"receivedAt"`
	DueAt      time.Time `json:"dueAt"`
	Tasks      []struct {
		ID      dsr.TaskID      `json:"id"`
		Outcome json.RawMessage `json:"outcome"`
	} `json:"tasks"`
	Package *struct {
		State     string    `json:"state"`
		Bytes     int64     `json:"bytes"`
		ExpiresAt time.Time `json:"expiresAt"`
	} `json:"package"`
}

// bulkImport is what the command line reads of a bulk import.
type bulkImport struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	State     string `json:"state"`
	Lines     int64  `json:"lines"`
	Accepted  int64  `json:"accepted"`
	Duplicate int64  `json:"duplicate"`
	Rejected  int64  `json:"rejected"`
	Failure   *struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"failure"`
}

func (b bulkImport) ended() bool { return b.State == "completed" || b.State == "failed" }

// failure says why the list could not be read. The words are those of the answer, or else those
// of the table of codes.
func (b bulkImport) failure() string {
	if b.Failure == nil {
		return ""
	}
	text := b.Failure.Detail
	for _, row := range problem.Table() {
		if text == "" && string(row.Code) == b.Failure.Code {
			text = row.Text
		}
	}
	return fmt.Sprintf("%s (%s)", text, b.Failure.Code)
}

func statusCommand(o Options) *cobra.Command {
	var t target
	var asJSON bool
	c := &cobra.Command{
		Use: "status ID", Short: "Show how far a request or a bulk import is", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if !dsr.ValidGUID(args[0]) {
				return usage(dsr.ErrID)
			}
			api, err := t.client(o)
			if err != nil {
				return err
			}
			return status(c.Context(), api, o.Out, args[0], asJSON)
		},
	}
	t.flags(c, o)
	c.Flags().BoolVar(&asJSON, "json", false, "print the answer as it came")
	return c
}

// status asks for the request of that id and, when there is none, for the bulk import.
func status(ctx context.Context, api *client, out io.Writer, id string, asJSON bool) error {
	var raw json.RawMessage
	isBulk := false
	err := api.get(ctx, "requests/"+id, &raw)
	var r *refused
	if errors.As(err, &r) && r.status == http.StatusNotFound {
		isBulk = true
		err = api.get(ctx, "bulk/"+id, &raw)
	}
	if err != nil {
		return err
	}
	if asJSON {
		_, err := fmt.Fprintf(out, "%s\n", bytes.TrimSpace(raw))
		return err
	}
	if isBulk {
		var b bulkImport
		if err := json.Unmarshal(raw, &b); err != nil {
			return &exit{code: ExitUnreachable, err: errors.New("the answer cannot be read")}
		}
		return printBulk(out, b)
	}
	var q request
	if err := json.Unmarshal(raw, &q); err != nil {
		return &exit{code: ExitUnreachable, err: errors.New("the answer cannot be read")}
	}
	return printRequest(out, q)
}

func printBulk(out io.Writer, b bulkImport) error {
	_, err := fmt.Fprintf(out, "bulk      %s\nreference %s\nstate     %s\nlines     %d: %d accepted, %d duplicate, %d rejected\n",
		b.ID, b.Reference, b.State, b.Lines, b.Accepted, b.Duplicate, b.Rejected)
	if err == nil && b.Failure != nil {
		_, err = fmt.Fprintf(out, "failure   %s\n", b.failure())
	}
	return err
}

func printRequest(out io.Writer, r request) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "request   %s\nstate     %s\nreceived  %s\ndue       %s\n", r.ID, r.State, r.ReceivedAt.Format(time.RFC3339), r.DueAt.Format(time.RFC3339))
	for _, t := range r.Tasks {
		fmt.Fprintf(&text, "task      %s: %s\n", t.ID, outcome(t.Outcome))
	}
	if p := r.Package; p != nil {
		fmt.Fprintf(&text, "package   %s", p.State)
		if p.Bytes > 0 {
			fmt.Fprintf(&text, ", %d bytes", p.Bytes)
		}
		if !p.ExpiresAt.IsZero() {
			fmt.Fprintf(&text, ", until %s", p.ExpiresAt.Format(time.RFC3339))
		}
		text.WriteByte('\n')
	}
	_, err := text.WriteTo(out)
	return err
}

// outcome is a task's outcome in words. The API gives a code, or an object with code and reason.
func outcome(raw json.RawMessage) string {
	var code string
	if len(raw) == 0 || string(raw) == "null" {
		return "not ended"
	}
	if json.Unmarshal(raw, &code) == nil {
		if code == "" {
			return "not ended"
		}
		return code
	}
	var o dsr.Outcome
	if json.Unmarshal(raw, &o) != nil || o.Code == "" {
		return "not ended"
	}
	if o.Reason == "" {
		return string(o.Code)
	}
	return string(o.Code) + ", " + o.Reason
}
