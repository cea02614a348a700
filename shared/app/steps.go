package app

import (
	"github.com/rightsdesk/rightsdesk/shared/pipeline"
	"github.com/rightsdesk/rightsdesk/shared/telemetry"
)

// steps makes the steps of the pipeline.
func (a *App) steps() (err error) {
	a.pipeline, err = pipeline.New(pipeline.Options{
		Store: a.Store, Tenants: a.document.Tenants, Catalogue: a.catalogue, Connectors: a.connectors, Tokens: a.tokens, Clocks: a.clocks, Log: a.log,
		Counter: telemetry.Counter{}, Budget: a.budget, Patience: a.patience, Ahead: a.ahead,
	})
	return err
}
