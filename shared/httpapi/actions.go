package httpapi

import (
	"net/http"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/decide"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

type choiceBody struct {
	ObjectID string `json:"objectId"`
}

type reasonBody struct {
	Reason string `json:"reason"`
}

type taskEndBody struct {
	Outcome dsr.OutcomeCode `json:"outcome"`
	Text    string          `json:"text"`
}

// choose is POST /api/requests/{id}/decide.
func (c *call) choose() error {
	b, err := decode[choiceBody](c)
	if err != nil {
		return err
	}
	switch id := strings.TrimSpace(b.ObjectID); {
	case id == "":
		return problem.New(problem.MissingField, "/objectId", "the object id of the candidate is needed")
	case len(id) > intake.MaxIdentifier:
		return problem.New(problem.UnknownCandidate, "/objectId", "this is not the object id of one of the candidates")
	default:
		return c.change(func(found *store.Case, who decide.Who) (*store.Case, error) {
			return c.api.Decide.Choose(c.r.Context(), found, who, id)
		})
	}
}

// retry is POST /api/requests/{id}/retry. A reason may be given.
func (c *call) retry() error {
	b, err := decodeOptional[reasonBody](c)
	if err != nil {
		return err
	}
	reason, err := words(b.Reason, "/reason", false)
	if err != nil {
		return err
	}
	return c.change(func(found *store.Case, who decide.Who) (*store.Case, error) {
		return c.api.Decide.Retry(c.r.Context(), found, who, reason)
	})
}

// cancel is POST /api/requests/{id}/cancel.
func (c *call) cancel() error {
	b, err := decode[reasonBody](c)
	if err != nil {
		return err
	}
	reason, err := words(b.Reason, "/reason", true)
	if err != nil {
		return err
	}
	return c.change(func(found *store.Case, who decide.Who) (*store.Case, error) {
		return c.api.Decide.Cancel(c.r.Context(), found, who, reason)
	})
}

// endTask is POST /api/requests/{id}/tasks/{task}.
func (c *call) endTask() error {
	b, err := decode[taskEndBody](c)
	if err != nil {
		return err
	}
	if b.Outcome == "" {
		return problem.New(problem.MissingField, "/outcome", "the outcome is needed: done, nothing-found, partial, refused or failed")
	}
	text, err := words(b.Text, "/text", true)
	if err != nil {
		return err
	}
	return c.change(func(found *store.Case, who decide.Who) (*store.Case, error) {
		return c.api.Decide.EndTask(c.r.Context(), found, who, dsr.TaskID(c.task), b.Outcome, text)
	})
}

// words checks a text that a person wrote.
func words(s, pointer string, needed bool) (pii.Value, error) {
	s, err := intake.Text(s, pointer)
	if err == nil && needed && s == "" {
		err = problem.New(problem.MissingField, pointer, "a text is needed")
	}
	return pii.New(s), err
}

// change applies a decision and answers with the request as it is after it.
func (c *call) change(decision func(*store.Case, decide.Who) (*store.Case, error)) error {
	found, err := c.find()
	if err != nil {
		return err
	}
	found, err = decision(found, decide.Who{ID: c.caller.ID, Versions: c.ifMatch()})
	if err != nil {
		return err
	}
	return c.request(http.StatusOK, &found.Request)
}
