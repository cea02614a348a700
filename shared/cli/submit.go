package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// maxUpload is the cap of POST /api/bulk in bytes.
const maxUpload = 64 << 20

// submission holds the arguments of submit.
type submission struct {
	path, tenant, reference string
	watch, asJSON           bool
}

// file is a list that was looked at before it is sent.
type file struct {
	path, mediaType string
	size, lines     int64
	sum             string // SHA-256 of the bytes, hex
}

func submitCommand(o Options) *cobra.Command {
	var t target
	var s submission
	c := &cobra.Command{
		Use:   "submit FILE.csv|FILE.ndjson",
		Short: "Upload a list of requests",
		Long: `Upload a list of requests: a CSV with a header, or JSON Lines.

The same file under the same reference makes nothing twice, so a submission that was cut
off can simply be repeated. With --watch the command stays until every line has ended: it
was rejected, or it is a request that is completed, failed, cancelled or waits for a person.
The exit code is then 0 if every line is a completed request, and otherwise 1.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			s.path = args[0]
			f, err := inspect(s.path)
			if err != nil {
				return usage(err)
			}
			if err := s.complete(f); err != nil {
				return usage(err)
			}
			api, err := t.client(o)
			if err != nil {
				return err
			}
			return s.run(c.Context(), api, o, f)
		},
	}
	t.flags(c, o)
	c.Flags().StringVar(&s.tenant, "tenant", "", "tenant id; not needed when the key has one tenant only")
	c.Flags().StringVar(&s.reference, "reference", "", "your name for the list (default: made of the name and the content of the file)")
	c.Flags().BoolVar(&s.watch, "watch", false, "stay until every line has ended, and show how far the list is")
	c.Flags().BoolVar(&s.asJSON, "json", false, "print the answer as JSON")
	return c
}

// inspect reads the file once, as the import will: it counts the lines and checks the header.
func inspect(path string) (file, error) {
	format := list.FormatOfName(strings.ToLower(filepath.ToSlash(path)))
	if format == "" {
		return file{}, errors.New("the name of the file must end with " + list.Endings)
	}
	f := file{path: path, mediaType: list.MediaType(format)}
	src, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer func() { _ = src.Close() }()
	info, err := src.Stat()
	switch {
	case err != nil:
		return f, err
	case !info.Mode().IsRegular() || info.Size() == 0:
		return f, errors.New("the file is empty, or not a regular file")
	case info.Size() > maxUpload:
		return f, fmt.Errorf(
			"the file has more than %d bytes: split it, or name it as a blob in a message on the queue dsr-bulk", maxUpload)
	}
	hash := sha256.New()
	if f.lines, err = list.Count(io.TeeReader(src, hash), format); err != nil {
		return f, err
	}
	f.size, f.sum = info.Size(), hex.EncodeToString(hash.Sum(nil))
	return f, nil
}

// maxName is how much of a file's name goes into its reference, before a hyphen and 12 digits.
const maxName = 50

// complete fills in the reference and checks the arguments.
func (s *submission) complete(f file) error {
	if s.reference == "" {
		name := strings.TrimSuffix(filepath.Base(s.path), filepath.Ext(s.path))
		name = list.FitReference(name)
		s.reference = strings.TrimPrefix(name[:min(len(name), maxName)]+"-"+f.sum[:12], "-")
	}
	if !list.ValidReference(s.reference) {
		return errors.New("--reference must be " + list.ReferenceForm)
	}
	if s.tenant != "" && !dsr.ValidGUID(s.tenant) {
		return fmt.Errorf("--tenant: %w", dsr.ErrID)
	}
	return nil
}

func (s *submission) run(ctx context.Context, api *client, o Options, f file) error {
	b, err := s.upload(ctx, api, f)
	if err != nil {
		return err
	}
	if !s.watch {
		if s.asJSON {
			return json.NewEncoder(o.Out).Encode(b)
		}
		return printBulk(o.Out, b)
	}
	if !s.asJSON {
		_, _ = fmt.Fprintf(o.Err, "bulk %s, reference %s\n", b.ID, b.Reference)
	}
	sum, err := (&watch{api: api, show: newProgress(o.Err)}).run(ctx, b, f.lines)
	if err != nil {
		return err
	}
	if err := sum.print(o.Out, s.asJSON); err != nil {
		return err
	}
	if sum.Completed != sum.Lines || sum.State != "completed" {
		return &exit{code: ExitFailed}
	}
	return nil
}

// upload sends the file. The idempotency key makes a repetition the same submission.
func (s *submission) upload(ctx context.Context, api *client, f file) (bulkImport, error) {
	key := sha256.Sum256([]byte(f.sum + "\n" + s.tenant + "\n" + s.reference))
	q := url.Values{"reference": {s.reference}}
	if s.tenant != "" {
		q.Set("tenant", s.tenant)
	}
	var b bulkImport
	res, err := api.do(ctx, call{
		method: http.MethodPost, path: "bulk", query: q, size: f.size,
		header: http.Header{"Content-Type": {f.mediaType}, "Idempotency-Key": {hex.EncodeToString(key[:])}},
		file:   f.path,
	})
	if err != nil {
		return b, err
	}
	return b, decode(res, &b)
}
