package host

import (
	"errors"
	"net/http"
)

// Program is what a host runs, and all that a host knows of it. A host does not word answers,
// so the two answers that it has to give by itself are handlers, too.
type Program struct {
	API      http.Handler       // serves what comes by HTTP, below /api/
	Triggers map[string]Trigger // by the name of the function
	NotFound http.Handler       // answers a call that belongs neither to API nor to a trigger
	Failed   http.Handler       // answers a call in which API panicked
}

// Check refuses a program that lacks a part.
func (p Program) Check() error {
	switch {
	case p.API == nil:
		return errors.New("host: the program has no API")
	case p.NotFound == nil || p.Failed == nil:
		return errors.New("host: the program has no answer for a call that fails: set NotFound and Failed")
	}
	for name, t := range p.Triggers {
		if t.Run == nil || t.Kind != QueueMessage && t.Kind != Schedule {
			return errors.New("host: the trigger " + name + " has no job or an unknown kind")
		}
		if t.Limit <= 0 {
			return errors.New("host: the trigger " + name + " has no limit")
		}
	}
	return nil
}
