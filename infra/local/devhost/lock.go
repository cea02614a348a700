package devhost

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/rightsdesk/rightsdesk/shared/clock"
)

const (
	hostsContainer = "azure-webjobs-hosts"
	// lockPeriod is the length of the lease behind a timer's lock.
	lockPeriod = 15 * time.Second
)

// lock is the lease that lets only one of all hosts run a timer.
type lock struct {
	blobs *azblob.Client
	name  string // of the blob
}

// acquire takes the lease and renews it. The returned context ends when the lease is lost or
// released. While another host has the lease, ok is false.
func (l *lock) acquire(ctx context.Context) (held context.Context, release func(), ok bool, err error) {
	target := l.blobs.ServiceClient().NewContainerClient(hostsContainer).NewBlockBlobClient(l.name)
	client, err := lease.NewBlobClient(target, nil)
	if err != nil {
		return nil, nil, false, err
	}
	const seconds = int32(lockPeriod / time.Second)
	_, err = client.AcquireLease(ctx, seconds, nil)
	if answered(err, http.StatusNotFound) {
		if err = l.create(ctx, target); err == nil {
			_, err = client.AcquireLease(ctx, seconds, nil)
		}
	}
	if answered(err, http.StatusConflict) {
		return nil, nil, false, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	held, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer cancel()
		renewLease(held, client)
	}()
	release = func() {
		cancel()
		<-done
		after, cancelAfter := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancelAfter()
		_, _ = client.ReleaseLease(after, nil) // if this fails, the lease ends by itself
	}
	return held, release, true, nil
}

// create makes the container and the empty blob that is leased. Other hosts may do so at the same
// time.
func (l *lock) create(ctx context.Context, target *blockblob.Client) error {
	if err := ensureHosts(ctx, l.blobs); err != nil {
		return err
	}
	missing := azcore.ETagAny
	_, err := target.UploadBuffer(ctx, nil, &blockblob.UploadBufferOptions{
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &missing}},
	})
	if answered(err, http.StatusConflict) || answered(err, http.StatusPreconditionFailed) {
		return nil
	}
	return err
}

func ensureHosts(ctx context.Context, blobs *azblob.Client) error {
	_, err := blobs.CreateContainer(ctx, hostsContainer, nil)
	if answered(err, http.StatusConflict) {
		return nil
	}
	return err
}

// renewLease renews until ctx ends or the lease has surely ended.
func renewLease(ctx context.Context, client *lease.BlobClient) {
	last := time.Now()
	for clock.Sleep(ctx, lockPeriod/3) == nil {
		try, cancel := context.WithTimeout(ctx, lockPeriod/3)
		_, err := client.RenewLease(try, nil)
		cancel()
		switch {
		case err == nil:
			last = time.Now()
		case answered(err, http.StatusConflict) || answered(err, http.StatusNotFound) || time.Since(last) > lockPeriod:
			return
		}
	}
}
