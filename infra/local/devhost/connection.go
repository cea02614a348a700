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

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// connectionString expands the emulator's short form, which the SDK does not know.
func connectionString(text string) string {
	if strings.EqualFold(strings.TrimSuffix(strings.TrimSpace(text), ";"), "UseDevelopmentStorage=true") {
		return azurite.Development().ConnectionString
	}
	return text
}

// storageClient keeps connections for every message that may be worked on at once.
var storageClient = &http.Client{Transport: &http.Transport{
	DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	MaxIdleConnsPerHost: 256,
	IdleConnTimeout:     60 * time.Second,
}}

// clientOptions retries for about half a minute, so that an emulator may be restarted under a
// running host. One try has a limit, because an emulator that stops takes requests and never
// answers them. A negative number means no retries.
func clientOptions(retries int32, try time.Duration) azcore.ClientOptions {
	return azcore.ClientOptions{
		Transport: storageClient,
		Retry:     policy.RetryOptions{MaxRetries: retries, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 5 * time.Second, TryTimeout: try},
	}
}

// errConnection replaces the SDK's error, which may quote the connection string with its key.
var errConnection = errors.New("storage: not a connection string of an account")

func queueService(connection string, retries int32, try time.Duration) (*azqueue.ServiceClient, error) {
	opts := &azqueue.ClientOptions{ClientOptions: clientOptions(retries, try)}
	c, err := azqueue.NewServiceClientFromConnectionString(connectionString(connection), opts)
	if err != nil {
		return nil, errConnection
	}
	return c, nil
}

func blobService(connection string) (*azblob.Client, error) {
	opts := &azblob.ClientOptions{ClientOptions: clientOptions(4, tryLimit)}
	c, err := azblob.NewClientFromConnectionString(connectionString(connection), opts)
	if err != nil {
		return nil, errConnection
	}
	return c, nil
}

// tryLimit is for every call but receiving.
const tryLimit = 10 * time.Second

// answered reports whether err is storage's answer with this status.
func answered(err error, status int) bool {
	var response *azcore.ResponseError
	return errors.As(err, &response) && response.StatusCode == status
}

// oneLine returns the text of a storage error in one line.
func oneLine(err error) string {
	var response *azcore.ResponseError
	if errors.As(err, &response) {
		return fmt.Sprintf("%d %s", response.StatusCode, response.ErrorCode)
	}
	return err.Error()
}
