package devhost

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// development is what UseDevelopmentStorage=true stands for: Azurite's public account on its standard ports.
const development = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;" +
	"AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;" +
	"BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;" +
	"TableEndpoint=http://127.0.0.1:10002/devstoreaccount1"

// connectionString writes the short form of the emulator out.
func connectionString(text string) string {
	if strings.EqualFold(strings.TrimSuffix(strings.TrimSpace(text), ";"), "UseDevelopmentStorage=true") {
		return development
	}
	return text
}

// storageClient keeps connections for every message that may be worked on at once.
var storageClient = &http.Client{Transport: &http.Transport{
	DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	MaxIdleConnsPerHost: 256,
	IdleConnTimeout:     60 * time.Second,
}}

// clientOptions retries for about half a minute, so that an emulator may be restarted under a running host (one that stops takes
// requests and never answers them, hence the limit of one try); a negative number of retries is none.
func clientOptions(retries int32, try time.Duration) azcore.ClientOptions {
	return azcore.ClientOptions{
		Transport: storageClient,
		Retry:     policy.RetryOptions{MaxRetries: retries, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 5 * time.Second, TryTimeout: try},
	}
}

func queueService(connection string, retries int32, try time.Duration) (*azqueue.ServiceClient, error) {
	c, err := azqueue.NewServiceClientFromConnectionString(connectionString(connection), &azqueue.ClientOptions{ClientOptions: clientOptions(retries, try)})
	if err != nil {
		return nil, notAConnection(err)
	}
	return c, nil
}

func blobService(connection string) (*azblob.Client, error) {
	c, err := azblob.NewClientFromConnectionString(connectionString(connection), &azblob.ClientOptions{ClientOptions: clientOptions(4, tryLimit)})
	if err != nil {
		return nil, notAConnection(err)
	}
	return c, nil
}

// tryLimit is for everything but receiving.
const tryLimit = 10 * time.Second

// notAConnection drops the cause: it may quote the string, which holds a key.
func notAConnection(error) error { return errors.New("storage: not a connection string of an account") }

// answered tells whether err is storage's answer with this status.
func answered(err error, status int) bool {
	var response *azcore.ResponseError
	return errors.As(err, &response) && response.StatusCode == status
}

// short is an error of storage in one line.
func oneLine(err error) string {
	var response *azcore.ResponseError
	if errors.As(err, &response) {
		return fmt.Sprintf("%d %s", response.StatusCode, response.ErrorCode)
	}
	return err.Error()
}
