package devhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// hostFile is host.json, as far as it is supported. A member that is missing here is refused, but
// for those that only the real host needs.
type hostFile struct {
	Version                  string
	ExtensionBundle, Logging json.RawMessage // for the real host
	FunctionTimeout          span            // of one invocation
	Extensions               struct {
		HTTP   struct{ RoutePrefix string }
		Queues queueConfig
	}
	CustomHandler struct {
		Description           struct{ DefaultExecutablePath string }
		Forwarding            bool `json:"enableForwardingHttpRequest"`
		Proxying              bool `json:"enableProxyingHttpRequest"`
		InitializationTimeout span // from the start of the handler to its first answer
	}
}

type queueConfig struct {
	MessageEncoding                               string
	BatchSize, NewBatchThreshold, MaxDequeueCount int
	MaxPollingInterval, VisibilityTimeout         span
}

// readJSON decodes a configuration file. A byte order mark is allowed, as in the host. With
// strict set, members that v lacks are refused.
func readJSON(path string, v any, strict bool) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\ufeff"))))
	if strict {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
			err = fmt.Errorf("%s is not supported by the dev host", name)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readHost reads host.json. The defaults are those of the host's source.
func readHost(dir string) (hostFile, error) {
	path := filepath.Join(dir, "host.json")
	f := hostFile{FunctionTimeout: span{30 * time.Minute}}
	f.Extensions.HTTP.RoutePrefix = "api"
	f.CustomHandler.InitializationTimeout = span{30 * time.Second}
	const unset = -1
	q := &f.Extensions.Queues
	*q = queueConfig{MessageEncoding: "base64", BatchSize: 16, NewBatchThreshold: unset, MaxDequeueCount: 5, MaxPollingInterval: span{time.Minute}}
	if err := readJSON(path, &f, true); err != nil {
		return hostFile{}, err
	}
	if q.NewBatchThreshold == unset {
		q.NewBatchThreshold = q.BatchSize / 2 * runtime.NumCPU()
	}
	q.MaxPollingInterval.Duration = max(q.MaxPollingInterval.Duration, 100*time.Millisecond)
	if err := f.check(); err != nil {
		return hostFile{}, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func (f hostFile) check() error {
	q := f.Extensions.Queues
	switch {
	case f.Version != "2.0":
		return errors.New(`version has to be "2.0"`)
	case f.CustomHandler.Description.DefaultExecutablePath == "":
		return errors.New("customHandler/description/defaultExecutablePath is missing")
	case q.BatchSize < 1 || q.BatchSize > 32:
		return errors.New("extensions/queues/batchSize is not a number from 1 to 32")
	case q.NewBatchThreshold < 0:
		return errors.New("extensions/queues/newBatchThreshold is below 0")
	case q.MaxDequeueCount < 1:
		return errors.New("extensions/queues/maxDequeueCount is below 1")
	}
	return nil
}

// span is a .NET TimeSpan of the form hh:mm:ss[.fffffff].
type span struct{ time.Duration }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *span) UnmarshalText(text []byte) error {
	at, err := time.Parse("15:04:05", string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time of the form hh:mm:ss[.fffffff]", text)
	}
	s.Duration = at.Sub(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	return nil
}
