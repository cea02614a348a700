// Package account says where a storage account lies and what opens it, and makes the clients of its
// services.
package account

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Azurite's account and its key are published and the same everywhere. They protect nothing.
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
const (
	azuriteName = "devstoreaccount1"
	azuriteKey  = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Account is where a storage account lies and what opens it.
type Account struct {
	Name                        string
	Key                         string `json:"-"` // base64; empty when a token opens the account
	BlobURL, QueueURL, TableURL string // without a slash at the end
}

// String names the account only: the key is a secret.
func (a Account) String() string { return "storage account " + a.Name }

// GoString returns String, so that %#v shows no key either.
func (a Account) GoString() string { return a.String() }

// URLs returns the addresses of the three services.
func (a Account) URLs() []string { return []string{a.BlobURL, a.QueueURL, a.TableURL} }

// IsAzurite reports whether the account is that of Azurite.
func (a Account) IsAzurite() bool { return a.Name == azuriteName }

// Published reports whether the key is the published one of Azurite.
func (a Account) Published() bool { return a.Key == azuriteKey }

// At returns an account at the usual addresses, such as https://{name}.blob.{suffix}.
func At(name, key, scheme, suffix string) Account {
	at := func(service string) string { return scheme + "://" + name + "." + service + "." + suffix }
	return Account{Name: name, Key: key, BlobURL: at("blob"), QueueURL: at("queue"), TableURL: at("table")}
}

// azurite returns the account that UseDevelopmentStorage=true stands for.
func azurite() Account {
	at := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d/%s", port, azuriteName) }
	return Account{Name: azuriteName, Key: azuriteKey, BlobURL: at(10000), QueueURL: at(10001), TableURL: at(10002)}
}

// ErrIncomplete says that a connection string lacks the account or the key.
var ErrIncomplete = errors.New("AccountName and AccountKey are needed")

// known are the names that a connection string may hold. The addresses of the file service and of a
// proxy are ignored.
var known = []string{
	"usedevelopmentstorage", "defaultendpointsprotocol", "accountname", "accountkey", "endpointsuffix", "blobendpoint", "queueendpoint", "tableendpoint",
	"fileendpoint", "developmentstorageproxyuri",
}

// Parse reads a connection string as AzureWebJobsStorage holds it: with or without explicit
// endpoints, or UseDevelopmentStorage=true. Its errors quote nothing, since a key may be in the
// wrong place.
func Parse(connection string) (Account, error) {
	parts := map[string]string{}
	for i, part := range strings.Split(strings.Trim(connection, "; "), ";") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if !ok || !slices.Contains(known, name) {
			return Account{}, fmt.Errorf("part %d of the connection string is not known", i+1)
		}
		parts[name] = strings.TrimSpace(value)
	}
	if strings.EqualFold(parts["usedevelopmentstorage"], "true") {
		return azurite(), nil
	}
	if parts["accountname"] == "" || parts["accountkey"] == "" {
		return Account{}, ErrIncomplete
	}
	// The Functions host has the same two defaults.
	a := At(parts["accountname"], parts["accountkey"], cmp.Or(parts["defaultendpointsprotocol"], "https"), cmp.Or(parts["endpointsuffix"], "core.windows.net"))
	for url, name := range map[*string]string{&a.BlobURL: "blobendpoint", &a.QueueURL: "queueendpoint", &a.TableURL: "tableendpoint"} {
		if v := parts[name]; v != "" {
			*url = strings.TrimSuffix(v, "/")
		}
	}
	return a, nil
}
