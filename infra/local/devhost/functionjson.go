package devhost

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/devhost/ncrontab"
)

// functionFile is function.json, as far as it is supported: any other member is refused.
type functionFile struct{ Bindings []bindingFile }

type bindingFile struct {
	Type, Direction, Name, DataType string
	Route                           *string
	AuthLevel                       string
	Methods                         []string
	QueueName, Connection           string
	Schedule                        string
}

var (
	functionName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,127}$`)
	bindingName  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,127}$`)
	queueName    = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{2,62}$`)
)

func (a *app) readFunctions() ([]function, error) {
	files, err := filepath.Glob(filepath.Join(a.dir, "*", "function.json"))
	if err != nil {
		return nil, err
	}
	var all []function
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		if strings.EqualFold(a.settings["AzureWebJobs."+name+".Disabled"], "true") {
			continue
		}
		var f functionFile
		if err := readJSON(file, &f, true); err != nil {
			return nil, err
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

func (a *app) function(name string, f functionFile) (function, error) {
	if !functionName.MatchString(name) || strings.EqualFold(name, "host") {
		return function{}, errors.New("the folder's name is not a function's name")
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
		return function{}, fmt.Errorf("binding %s (%s): a %s function has its trigger alone, other bindings are not supported by the dev host",
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
	return function{}, fmt.Errorf("binding %s: type %s is not supported by the dev host", trigger.Name, trigger.Type)
}

func (a *app) httpFunction(fn function, bindings []bindingFile) (function, error) {
	b := bindings[0]
	switch {
	case len(bindings) != 2 || !strings.EqualFold(bindings[1].Type, "http") || bindings[1].Direction != "out":
		return function{}, errors.New("an HTTP function has exactly an httpTrigger and an http output; anything else is called in an envelope, which is not supported by the dev host")
	case !a.host.CustomHandler.Forwarding && !a.host.CustomHandler.Proxying:
		return function{}, errors.New("HTTP in an envelope is not supported by the dev host: set enableProxyingHttpRequest or enableForwardingHttpRequest in host.json")
	case !strings.EqualFold(b.AuthLevel, "anonymous"):
		return function{}, errors.New(`host keys are not supported by the dev host: authLevel has to be "anonymous"`)
	}
	template := fn.name
	if b.Route != nil {
		template = *b.Route
	}
	var err error
	if fn.route, err = parseRoute(a.host.Extensions.HTTP.RoutePrefix, template); err != nil {
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
	if !strings.EqualFold(a.host.Extensions.Queues.MessageEncoding, "none") {
		return function{}, errors.New(`base64 is not supported by the dev host: extensions/queues/messageEncoding in host.json has to be "none"`)
	}
	if !queueName.MatchString(b.QueueName) {
		return function{}, errors.New("queueName is not the name of a queue (settings in names are not supported by the dev host)")
	}
	fn.queue = b.QueueName
	switch b.DataType {
	case "", "string":
	case "binary":
		fn.binary = true
	default:
		return function{}, fmt.Errorf("dataType %s is not supported by the dev host", b.DataType)
	}
	if fn.storage = a.settings[b.Connection]; fn.storage == "" {
		return function{}, fmt.Errorf("connection: setting %q is empty", b.Connection)
	}
	return fn, nil
}

func (a *app) timerFunction(fn function, b bindingFile) (function, error) {
	fn.kind = kindTimer
	if a.settings["AzureWebJobsStorage"] == "" {
		return function{}, errors.New("a timer needs the setting AzureWebJobsStorage")
	}
	var err error
	if fn.schedule, err = ncrontab.Parse(b.Schedule); err != nil {
		return function{}, fmt.Errorf("schedule: %w", err)
	}
	// The host keeps no state of a schedule that fires more than once a minute.
	fn.monitored = fn.schedule.Shortest() >= time.Minute
	return fn, nil
}
