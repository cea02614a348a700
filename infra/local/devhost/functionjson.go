package devhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// functionFile is what we read of function.json.
type functionFile struct {
	Disabled bool
	Retry    json.RawMessage
	Bindings []bindingFile
}

type bindingFile struct {
	Type, Direction, Name, DataType string
	Route                           *string
	AuthLevel                       string
	Methods                         []string
	QueueName, Connection           string
	Schedule                        string
	RunOnStartup                    bool
	UseMonitor                      *bool
}

var (
	functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)
	bindingName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,127}$`)
)

func (a *app) readFunctions() ([]function, error) {
	files, err := filepath.Glob(filepath.Join(a.dir, "*", "function.json"))
	if err != nil {
		return nil, err
	}
	var all []function
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		var f functionFile
		if err := readJSON(file, &f); err != nil {
			return nil, err
		}
		if f.Disabled || a.disabled(name) {
			continue
		}
		fn, err := a.function(name, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, fn)
	}
	slices.SortFunc(all, func(x, y function) int {
		return strings.Compare(strings.ToUpper(x.name), strings.ToUpper(y.name))
	})
	return all, nil
}

func (a *app) disabled(name string) bool {
	return strings.EqualFold(a.settings["AzureWebJobs."+name+".Disabled"], "true") ||
		strings.EqualFold(a.settings["AzureWebJobs__"+name+"__Disabled"], "true")
}

func (a *app) function(name string, f functionFile) (function, error) {
	if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
		return function{}, errors.New("the folder's name is not a function's name")
	}
	if len(f.Retry) > 0 {
		return function{}, errors.New("retry policies are not built in the dev host")
	}
	if len(f.Bindings) == 0 {
		return function{}, errors.New("a function needs a trigger")
	}
	for _, b := range f.Bindings {
		if !bindingName.MatchString(b.Name) {
			return function{}, fmt.Errorf("a %s binding has no valid name", b.Type)
		}
	}
	trigger := f.Bindings[0]
	fn := function{name: name, binding: trigger.Name}
	if !strings.EqualFold(trigger.Type, "httpTrigger") && len(f.Bindings) > 1 {
		return function{}, fmt.Errorf("binding %s (%s): a %s function has its trigger alone, other bindings are not built in the dev host",
			f.Bindings[1].Name, f.Bindings[1].Type, trigger.Type)
	}
	switch strings.ToLower(trigger.Type) {
	case "httptrigger":
		return a.httpFunction(fn, f.Bindings)
	case "queuetrigger":
		return a.queueFunction(fn, trigger)
	case "timertrigger":
		return a.timerFunction(fn, trigger)
	}
	return function{}, fmt.Errorf("binding %s: type %s is not built in the dev host", trigger.Name, trigger.Type)
}

func (a *app) httpFunction(fn function, bindings []bindingFile) (function, error) {
	b := bindings[0]
	switch {
	case len(bindings) != 2 || !strings.EqualFold(bindings[1].Type, "http") || bindings[1].Direction != "out":
		return function{}, errors.New("an HTTP function has exactly an httpTrigger and an http output; anything else is called in an envelope, which is not built in the dev host")
	case !a.host.handler.forwarding && !a.host.handler.proxying:
		return function{}, errors.New("HTTP in an envelope is not built in the dev host: set enableProxyingHttpRequest or enableForwardingHttpRequest in host.json")
	case !strings.EqualFold(b.AuthLevel, "anonymous"):
		return function{}, errors.New(`host keys are not built in the dev host: authLevel has to be "anonymous"`)
	}
	template := fn.name
	if b.Route != nil {
		template = *b.Route
	}
	var err error
	if template, err = resolve(template, a.settings); err != nil {
		return function{}, fmt.Errorf("route: %w", err)
	}
	if fn.route, err = parseRoute(a.host.routePrefix, template); err != nil {
		return function{}, fmt.Errorf("route: %w", err)
	}
	if len(b.Methods) > 0 {
		fn.methods = map[string]bool{}
		for _, m := range b.Methods {
			fn.methods[strings.ToUpper(m)] = true
		}
	}
	return fn, nil
}

func (a *app) queueFunction(fn function, b bindingFile) (function, error) {
	fn.kind = kindQueue
	name, err := resolve(b.QueueName, a.settings)
	if err != nil || name == "" {
		return function{}, errors.Join(errors.New("queueName is missing or cannot be resolved"), err)
	}
	fn.queue = strings.ToLower(name)
	switch b.DataType {
	case "", "string":
	case "binary":
		fn.binary = true
	default:
		return function{}, fmt.Errorf("dataType %s is not built in the dev host", b.DataType)
	}
	setting := b.Connection
	if setting == "" {
		setting = "AzureWebJobsStorage"
	}
	if fn.storage = a.settings[setting]; fn.storage == "" {
		fn.storage = a.settings["AzureWebJobs"+setting]
	}
	if fn.storage == "" {
		return function{}, fmt.Errorf("connection: setting %s is empty", setting)
	}
	return fn, nil
}

func (a *app) timerFunction(fn function, b bindingFile) (function, error) {
	fn.kind = kindTimer
	if b.RunOnStartup {
		return function{}, errors.New("runOnStartup is not built in the dev host")
	}
	if a.settings["AzureWebJobsStorage"] == "" {
		return function{}, errors.New("a timer needs the setting AzureWebJobsStorage")
	}
	text, err := resolve(b.Schedule, a.settings)
	if err != nil {
		return function{}, fmt.Errorf("schedule: %w", err)
	}
	if fn.schedule, err = parseSchedule(text); err != nil {
		return function{}, fmt.Errorf("schedule: %w", err)
	}
	// The host keeps no state of a schedule that fires more than once a minute.
	fn.monitored = (b.UseMonitor == nil || *b.UseMonitor) && fn.schedule.shortest() >= time.Minute
	return fn, nil
}
