// Package msgraph asks Microsoft Graph on behalf of the connectors that read from it.
//
// It does what they share: tokens, paging, time limits and faults. It uses msgraph-sdk-go:
// the SDK's builders make the requests, and its adapter authenticates and sends them. Answers
// are handed over as the JSON that Graph sent, because the SDK's models lose members that they
// do not know.
//
// A look-up's filter holds the person's identifiers, and Graph takes it in the URL only. So
// nothing that the SDK does with an error may see the URL: net/http quotes it in every error,
// and the SDK records errors in trace spans. The transport here, guard, therefore turns every
// failure into an answer with a code, and strips Graph's error texts down to their code. A
// transport that is given in Settings.Transport sees the URLs and must not record them.
package msgraph
