package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/rightsdesk/rightsdesk/shared/cli"
	"github.com/rightsdesk/rightsdesk/shared/config"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/retention"
	"github.com/rightsdesk/rightsdesk/shared/store/account"
	"github.com/rightsdesk/rightsdesk/shared/store/queue"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// probeLimit is how long one system has to answer.
const probeLimit = 20 * time.Second

// probePatience is how much of probeLimit may be spent on pauses between attempts.
const probePatience = 2 * time.Second

// probes are asked one after the other. Each only reads.
type probes struct {
	ctx  context.Context //nolint:containedctx // it lives as long as one command
	list []cli.Probe
}

// ask asks one system and keeps its answer.
func (p *probes) ask(of string, ask func(context.Context) (cli.Result, string)) {
	ctx, cancel := context.WithTimeout(p.ctx, probeLimit)
	defer cancel()
	result, text := ask(ctx)
	p.list = append(p.list, cli.Probe{Of: of, Result: result, Text: text})
}

// probe asks storage, destinations and connectors whether they can be used as configured.
func (a *App) probe(ctx context.Context) []cli.Probe {
	p := &probes{ctx: ctx}
	opts := account.ClientOptions(nil)
	opts.Retry.MaxRetries = 1
	clients, err := connect(a.settings, opts)
	if err != nil {
		return []cli.Probe{{Of: "storage", Result: cli.Failed, Text: brief(err)}}
	}
	p.storage(clients)
	p.deletion("storage", clients.Blobs)
	accounts, err := destinations(a.settings, a.document.Tenants.Accounts(), clients, opts)
	if err != nil {
		return append(p.list, cli.Probe{Of: "destinations", Result: cli.Failed, Text: brief(err)})
	}
	for _, url := range a.document.Tenants.Accounts() {
		if !config.Loopback(url) { // the local Azurite, which is the app's own storage
			p.deletion("destination account "+url, accounts[url])
		}
	}
	for _, t := range a.document.Tenants {
		for _, d := range t.Destinations {
			p.destination("tenant "+t.ID+", destination "+d.Name, accounts[d.Account], d.Container)
		}
		for _, s := range t.Systems {
			p.system(a.connectors, t.ID, s)
		}
	}
	return p.list
}

// storage reads what exists from the first start on. An answer that it does not exist counts as
// an answer as well.
func (p *probes) storage(c account.Clients) {
	for _, s := range []struct {
		of  string
		ask func(context.Context) error
	}{
		{"blobs", func(ctx context.Context) error {
			_, err := c.Blobs.NewContainerClient(retention.Packages).GetProperties(ctx, nil)
			return err
		}},
		{"queues", func(ctx context.Context) error {
			_, err := c.Queues.NewQueueClient(queue.Work).GetProperties(ctx, nil)
			return err
		}},
		{"tables", func(ctx context.Context) error {
			_, err := c.Tables.NewClient("requests").GetEntity(ctx, "none", "none", nil)
			return err
		}},
	} {
		p.ask("storage, "+s.of, func(ctx context.Context) (cli.Result, string) {
			if err := s.ask(ctx); err != nil && status(err) != http.StatusNotFound {
				return cli.Failed, brief(err)
			}
			return cli.Fine, "it answers"
		})
	}
}

// notTold is what a check says of account settings that the data plane does not tell.
const notTold = "versioning and snapshots cannot be read over the data plane: look at the account; both must be off, or purged data can be restored"

// deletion asks whether the account keeps deleted blobs for a while.
func (p *probes) deletion(of string, blobs *service.Client) {
	p.ask(of+", blob soft delete", func(ctx context.Context) (cli.Result, string) {
		res, err := blobs.GetProperties(ctx, nil)
		switch keep := res.DeleteRetentionPolicy; {
		case status(err) == http.StatusForbidden:
			return cli.Unknown, "this identity may not read it: look at the account; it must be off, or purged data can be restored"
		case err != nil:
			return cli.Failed, brief(err)
		case keep != nil && keep.Enabled != nil && *keep.Enabled:
			return cli.Failed, "it is on, so purged data can be restored: switch it off"
		}
		return cli.Fine, "it is off"
	})
	p.list = append(p.list, cli.Probe{Of: of + ", versioning and snapshots", Result: cli.Unknown, Text: notTold})
}

func (p *probes) destination(of string, blobs *service.Client, container string) {
	p.ask(of, func(ctx context.Context) (cli.Result, string) {
		if _, err := blobs.NewContainerClient(container).GetProperties(ctx, nil); err != nil {
			return cli.Failed, brief(err)
		}
		return cli.Fine, "the container is there"
	})
}

// system asks a connector. A missing permission must be known before a request waits for it.
func (p *probes) system(c *connectors, of string, s tenant.Instance) {
	p.ask("tenant "+of+", "+s.Name, func(ctx context.Context) (cli.Result, string) {
		entry, _ := c.app.catalogue.Entry(s.System)
		needs := "it needs " + strings.Join(entry.Descriptor.Permissions, ", ")
		conn, err := c.Connector(of, s.Name)
		if err != nil {
			return cli.Failed, brief(err)
		}
		prober, ok := conn.(connector.Prober)
		if !ok {
			return cli.Unknown, "it has no probe; " + needs
		}
		err = prober.Probe(connector.WithPatience(ctx, probePatience))
		switch f := connector.AsFault(err); {
		case err == nil:
			return cli.Fine, "it answers; " + needs
		case f != nil && f.Kind == connector.Forbidden && f.Permission != "":
			return cli.Failed, "the permission " + f.Permission + " is missing; " + needs
		default:
			return cli.Failed, brief(err) + "; " + needs
		}
	})
}

func status(err error) int {
	var re *azcore.ResponseError
	if errors.As(err, &re) {
		return re.StatusCode
	}
	return 0
}

// brief returns an error in one line. Those of the Azure SDK hold whole answers.
func brief(err error) string {
	var re *azcore.ResponseError
	if errors.As(err, &re) {
		return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", re.StatusCode, re.ErrorCode))
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
