package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/rightsdesk/rightsdesk/infra/local/bench/caller"
	"github.com/rightsdesk/rightsdesk/infra/local/bench/sample"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/retention"
)

// upload is the raw side of the parts. It stores the same bytes, ready in memory, as blocks of
// one blob.
func (e *exporter) upload(ctx context.Context) error {
	ready, err := readyBytes()
	if err != nil {
		return err
	}
	blob := e.clients.Blobs.NewContainerClient(retention.Parts).NewBlockBlobClient("raw-" + uuid.NewString())
	e.result.Bytes, e.result.Packed = e.Bytes, e.Bytes
	return e.measure("upload", func() error {
		var ids []string
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(rawParallel)
		for sent := int64(0); sent < e.Bytes; sent += rawBlock {
			id := blockID(len(ids))
			ids = append(ids, id)
			body := ready[:min(rawBlock, e.Bytes-sent)]
			g.Go(func() error {
				_, err := blob.StageBlock(gctx, id, streaming.NopCloser(bytes.NewReader(body)), nil)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		_, err := blob.CommitBlockList(ctx, ids, nil)
		return err
	})
}

func blockID(n int) string { return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08d", n)) }

// readyBytes is a block of records in the form that they have in a part.
func readyBytes() ([]byte, error) {
	all, err := sample.Pages()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for b.Len() < rawBlock {
		for _, page := range all {
			for _, r := range page {
				b.Write(r)
				b.WriteString(",\n")
			}
		}
	}
	return b.Bytes()[:rawBlock], nil
}

// copy is the raw side of the package. It downloads every part and uploads it as a block of one
// blob.
func (e *exporter) copy(ctx context.Context) error {
	e.result.Request = e.Request
	c, err := e.st.Load(ctx, caller.Contoso, e.Request, benchTask)
	if err != nil {
		return err
	}
	t := c.Task(benchTask)
	e.result.Bytes = e.Bytes
	container := e.clients.Blobs.NewContainerClient(retention.Parts)
	out := e.clients.Blobs.NewContainerClient(retention.Packages).NewBlockBlobClient("raw-" + uuid.NewString())
	return e.measure("copy", func() error {
		ids := make([]string, len(t.Parts))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(rawParallel)
		for i, p := range t.Parts {
			ids[i] = blockID(i)
			e.result.Packed += p.Size
			from := container.NewBlockBlobClient(part.SpecOf(&c.Request, t).Ref(p).Name)
			g.Go(func() error { return move(gctx, from, out, ids[i], p.Size) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
		_, err := out.CommitBlockList(ctx, ids, nil)
		return err
	})
}

func move(ctx context.Context, from, to *blockblob.Client, id string, size int64) error {
	resp, err := from.DownloadStream(ctx, nil)
	if err != nil {
		return err
	}
	body := make([]byte, size)
	_, err = io.ReadFull(resp.Body, body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	_, err = to.StageBlock(ctx, id, streaming.NopCloser(bytes.NewReader(body)), nil)
	return err
}
