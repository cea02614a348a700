package blob

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/rightsdesk/rightsdesk/shared/store/failure"
)

// delegationFor is the life of the user-delegation keys that are asked for. The service allows
// seven days.
const delegationFor = 2 * time.Hour

// SignedURL returns a link that reads this one blob, and nothing else, until expires (wall time).
// A browser saves the blob under filename, and no cache keeps it. SignedURL reads the properties of
// the blob first. It returns failure.ErrNotFound when the blob is gone, and failure.ErrConflict if
// it is another version than etag. An empty etag allows any version.
func (s *Store) SignedURL(ctx context.Context, r Ref, expires time.Time, filename, etag string) (string, error) {
	b, err := s.blob(r)
	if err != nil {
		return "", err
	}
	info, err := s.Stat(ctx, r)
	if err != nil {
		return "", err
	}
	if etag != "" && info.ETag != etag {
		return "", failure.ErrConflict
	}
	parsed, err := blob.ParseURL(b.URL())
	if err != nil {
		return "", errors.New("store: sign link: the blob's own URL cannot be read")
	}
	v := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPS, ExpiryTime: expires.UTC(), Permissions: to.Ptr(sas.BlobPermissions{Read: true}).String(),
		ContainerName: parsed.ContainerName, BlobName: r.Name, CacheControl: "no-store", ContentDisposition: disposition(filename),
	}
	if strings.HasPrefix(b.URL(), "http://") { // Azurite at a loopback address
		v.Protocol = sas.ProtocolHTTPSandHTTP
	}
	q, err := s.sign(ctx, r.Account, v, expires)
	if err != nil {
		return "", err
	}
	// The SDK escapes the slashes of a name.
	return strings.ReplaceAll(b.URL(), "%2F", "/") + "?" + q.Encode(), nil
}

func (s *Store) sign(ctx context.Context, account string, v sas.BlobSignatureValues, expires time.Time) (sas.QueryParameters, error) {
	// A destination of the local world lies in the same Azurite account.
	if s.key != nil && s.accountClient(account) == s.client {
		q, err := v.SignWithSharedKey(s.key)
		if err != nil {
			return q, fmt.Errorf("store: sign link: %w", err)
		}
		return q, nil
	}
	cred, err := s.delegate(ctx, account, expires)
	if err != nil {
		return sas.QueryParameters{}, err
	}
	q, err := v.SignWithUserDelegation(cred)
	if err != nil {
		return q, fmt.Errorf("store: sign link: %w", err)
	}
	return q, nil
}

// delegate returns a user-delegation key of the account that is valid until expires at least. Keys
// are kept and shared.
func (s *Store) delegate(ctx context.Context, account string, expires time.Time) (*service.UserDelegationCredential, error) {
	s.delegation.Lock()
	defer s.delegation.Unlock()
	if k, ok := s.delegation.keys[account]; ok && k.expires.After(expires) {
		return k.cred, nil
	}
	c := s.accountClient(account)
	if c == nil {
		return nil, failure.ErrNoAccount
	}
	now := s.wall().UTC()
	until := now.Add(delegationFor)
	if until.Before(expires) {
		until = expires.UTC().Add(time.Minute)
	}
	// The key starts five minutes ago, because the service's clock may be behind.
	info := service.KeyInfo{Start: to.Ptr(now.Add(-5 * time.Minute).Format(sas.TimeFormat)), Expiry: to.Ptr(until.Format(sas.TimeFormat))}
	cred, err := c.GetUserDelegationCredential(ctx, info, nil)
	if err != nil {
		return nil, failure.Wrap("get user-delegation key", err)
	}
	s.delegation.keys[account] = delegationKey{cred: cred, expires: until}
	return cred, nil
}

// disposition returns the Content-Disposition of an attachment. A name of plain ASCII stays as it
// is, any other is escaped (RFC 6266).
func disposition(filename string) string {
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || strings.ContainsRune(`"\/;%`, c) {
			return '_'
		}
		return c
	}, filename)
	if plain == filename {
		return fmt.Sprintf(`attachment; filename="%s"`, plain)
	}
	return fmt.Sprintf(`attachment; filename="%s"; filename*=UTF-8''%s`, plain, url.PathEscape(filename))
}
