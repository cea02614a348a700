package host

import (
	"errors"
	"net/http"
)

// Program is what a host runs. A host knows nothing else of it: not even how the program words an
// answer, so the two answers that a host has to give by itself are handlers, too.
type Program struct {
	API      http.Handler       // serves what comes by HTTP, below /api/
	Triggers map[string]Trigger // by the names of their functions
	NotFound http.Handler       // answers a call that belongs neither to API nor to a trigger
	Failed   http.Handler       // answers a call that API broke off by a panic
}

// Check refuses a program that lacks a part.
func (p Program) Check() error {
	switch {
	case p.API == nil:
		return errors.New("host: the program has no API")
	case p.NotFound == nil || p.Failed == nil:
		return errors.New("host: the program does not say how a call fails")
	}
	for name, t := range p.Triggers {
		if t.Run == nil || t.Kind != QueueMessage && t.Kind != Schedule {
			return errors.New("host: the trigger " + name + " has no job or an unknown kind")
		}
	}
	return nil
}
