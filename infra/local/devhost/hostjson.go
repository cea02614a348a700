package devhost

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// hostConfig is what we read of host.json. The defaults are those of the host's source.
type hostConfig struct {
	routePrefix string
	timeout     time.Duration // of one invocation; 0 is unlimited
	queues      queueConfig
	handler     handlerConfig
}

type queueConfig struct {
	batchSize, newBatchThreshold, maxDequeueCount int
	maxPollingInterval, visibilityTimeout         time.Duration
	base64                                        bool
}

type handlerConfig struct {
	executable, workingDirectory string
	arguments                    []string
	forwarding, proxying         bool
	port                         int
	startLimit                   time.Duration
}

// readJSON decodes a configuration file; a byte order mark is allowed, as in the host.
func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(bytes.TrimPrefix(b, []byte("\ufeff")), v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// readHost reads host.json under the overrides of settings AzureFunctionsJobHost__section__key.
func readHost(dir string, settings map[string]string) (hostConfig, error) {
	path := filepath.Join(dir, "host.json")
	tree := map[string]any{}
	if err := readJSON(path, &tree); err != nil {
		return hostConfig{}, err
	}
	for name, value := range settings {
		if key, ok := cutPrefixFold(name, "AzureFunctionsJobHost__"); ok {
			override(tree, strings.Split(key, "__"), value)
		}
	}
	s := section{tree: tree}
	c := s.host()
	if s.err != nil {
		return hostConfig{}, fmt.Errorf("%s: %w", path, s.err)
	}
	return c, nil
}

func cutPrefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// override sets a value deep in the tree; names are compared without case, as the host's configuration does.
func override(tree map[string]any, path []string, value string) {
	key := path[0]
	for k := range tree {
		if strings.EqualFold(k, key) {
			key = k
		}
	}
	if len(path) == 1 {
		tree[key] = value
		if list := []any{}; json.Unmarshal([]byte(value), &list) == nil {
			tree[key] = list
		}
		return
	}
	below, ok := tree[key].(map[string]any)
	if !ok {
		below = map[string]any{}
		tree[key] = below
	}
	override(below, path[1:], value)
}

// section reads values of a configuration tree and keeps the first thing that is wrong.
type section struct {
	tree map[string]any
	err  error
}

func (s *section) host() hostConfig {
	cores := runtime.NumCPU()
	c := hostConfig{routePrefix: strings.Trim(s.text("api", "extensions", "http", "routePrefix"), "/")}
	if s.text("", "version") != "2.0" {
		s.fail("version", `has to be "2.0"`)
	}
	for _, unbuilt := range []string{"configurationProfile", "customHandler/http", "httpWorker", "retry"} {
		if s.at(strings.Split(unbuilt, "/")...) != nil {
			s.fail(unbuilt, "is not built in the dev host")
		}
	}
	if c.timeout = s.span(30*time.Minute, "functionTimeout"); c.timeout < 0 {
		c.timeout = 0
	}
	q := &c.queues
	q.batchSize = s.number(16, 1, 32, "extensions", "queues", "batchSize")
	q.newBatchThreshold = s.number(q.batchSize/2*cores, 0, 10000, "extensions", "queues", "newBatchThreshold")
	q.maxDequeueCount = s.number(5, 1, 1<<30, "extensions", "queues", "maxDequeueCount")
	q.maxPollingInterval = max(s.span(time.Minute, "extensions", "queues", "maxPollingInterval"), 100*time.Millisecond)
	q.visibilityTimeout = s.span(0, "extensions", "queues", "visibilityTimeout")
	switch encoding := s.text("base64", "extensions", "queues", "messageEncoding"); strings.ToLower(encoding) {
	case "base64":
		q.base64 = true
	case "none":
	default:
		s.fail("extensions/queues/messageEncoding", "is neither base64 nor none")
	}
	h := &c.handler
	h.executable = s.text("", "customHandler", "description", "defaultExecutablePath")
	h.workingDirectory = s.text("", "customHandler", "description", "workingDirectory")
	h.arguments = s.list("customHandler", "description", "arguments")
	h.forwarding = s.flag("customHandler", "enableForwardingHttpRequest")
	h.proxying = s.flag("customHandler", "enableProxyingHttpRequest")
	h.port = s.number(0, 0, 65535, "customHandler", "port")
	h.startLimit = s.span(30*time.Second, "customHandler", "initializationTimeout")
	if h.executable == "" {
		s.fail("customHandler/description/defaultExecutablePath", "is missing")
	}
	return c
}

func (s *section) fail(name, what string) {
	if s.err == nil {
		s.err = fmt.Errorf("%s %s", name, what)
	}
}

func (s *section) at(path ...string) any {
	var node any = s.tree
	for _, key := range path {
		m, ok := node.(map[string]any)
		if !ok {
			return nil
		}
		node = nil
		for k, v := range m {
			if strings.EqualFold(k, key) {
				node = v
			}
		}
	}
	return node
}

func (s *section) text(standard string, path ...string) string {
	switch v := s.at(path...).(type) {
	case nil:
		return standard
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	default:
		s.fail(strings.Join(path, "/"), "is not text")
		return standard
	}
}

func (s *section) number(standard, low, high int, path ...string) int {
	n, err := strconv.Atoi(s.text(strconv.Itoa(standard), path...))
	if err != nil || n < low || n > high {
		s.fail(strings.Join(path, "/"), fmt.Sprintf("is not a number from %d to %d", low, high))
	}
	return n
}

func (s *section) flag(path ...string) bool {
	b, err := strconv.ParseBool(s.text("false", path...))
	if err != nil {
		s.fail(strings.Join(path, "/"), "is neither true nor false")
	}
	return b
}

func (s *section) span(standard time.Duration, path ...string) time.Duration {
	text := s.text("", path...)
	if text == "" {
		return standard
	}
	d, err := parseSpan(text)
	if err != nil {
		s.fail(strings.Join(path, "/"), err.Error())
	}
	return d
}

func (s *section) list(path ...string) []string {
	all, ok := s.at(path...).([]any)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range all {
		text, ok := v.(string)
		if !ok {
			s.fail(strings.Join(path, "/"), "holds something else than text")
		}
		out = append(out, text)
	}
	return out
}

// parseSpan reads a .NET TimeSpan, [d.]hh:mm:ss[.fffffff]; "-1" and every negative one is unlimited.
func parseSpan(text string) (time.Duration, error) {
	if strings.HasPrefix(text, "-") {
		return -1, nil
	}
	wrong := errors.New("is not a time of the form [d.]hh:mm:ss[.fffffff]")
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, wrong
	}
	var days int64
	if d, h, ok := strings.Cut(parts[0], "."); ok {
		n, err := strconv.ParseUint(d, 10, 16)
		if err != nil {
			return 0, wrong
		}
		days, parts[0] = int64(n), h
	}
	hours, err1 := strconv.ParseUint(parts[0], 10, 8)
	minutes, err2 := strconv.ParseUint(parts[1], 10, 8)
	seconds, err3 := strconv.ParseFloat(parts[2], 64)
	if err1 != nil || err2 != nil || err3 != nil || hours > 23 || minutes > 59 || !(seconds >= 0 && seconds < 60) {
		return 0, wrong
	}
	return time.Duration(days)*24*time.Hour + time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute +
		time.Duration(seconds*float64(time.Second)), nil
}
