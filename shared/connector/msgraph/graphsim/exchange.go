package graphsim

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/connector/msgraph/graphsim/contract"
)

// exchange is one request and its answer. It is the ResponseWriter, so that the status is known
// when the call is logged.
type exchange struct {
	sim *Sim
	w   http.ResponseWriter
	r   *http.Request

	route     string
	tenant    string
	status    int
	fault     fault
	requestID string
	clientID  string
}

func (x *exchange) Header() http.Header         { return x.w.Header() }
func (x *exchange) Write(b []byte) (int, error) { return x.w.Write(b) }
func (x *exchange) WriteHeader(status int)      { x.status = status; x.w.WriteHeader(status) }

// serve answers a call in this order: who is asking, for what, is there a fault to play, is it
// allowed and well formed, what is stored, does the answer keep the contract.
func (x *exchange) serve() {
	g, refusal := x.sim.auth.authenticate(x.r)
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	x.tenant = g.tenant
	op, params, refusal := x.match()
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	x.route = op.Method + " " + op.Path
	if x.inject(op) {
		return
	}
	answer, call, refusal := x.answer(op, params, g)
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	if answer.empty {
		x.ids()
		x.WriteHeader(http.StatusNoContent)
		return
	}
	body, refusal := x.render(op, call, answer)
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	x.send(op, body)
}

func (x *exchange) match() (*contract.Operation, map[string]string, *Error) {
	unknown := &Error{Status: http.StatusNotFound, Code: "BadRequest", Message: "Resource not found for the segment."}
	below, ok := strings.CutPrefix(x.r.URL.EscapedPath(), "/v1.0/")
	if !ok {
		return nil, nil, unknown
	}
	path, err := contract.SplitPath(below)
	if err != nil {
		return nil, nil, BadRequest("The request URI is not valid: " + err.Error() + ".")
	}
	op, params, known := x.sim.contract.Find(x.r.Method, path)
	switch {
	case op != nil:
		return op, params, nil
	case known:
		return nil, nil, &Error{Status: http.StatusMethodNotAllowed, Code: "Request_BadRequest", Message: "The HTTP method is not allowed here."}
	}
	return nil, nil, unknown
}

// inject plays the faults that need no answer. It reports whether the call is over.
func (x *exchange) inject(op *contract.Operation) bool {
	x.fault = x.sim.faults.draw(op.Path, x.tenant)
	if x.fault.latency > 0 {
		timer := time.NewTimer(x.fault.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	if x.fault.kind != faultNone {
		x.sim.counters.fault(x.fault.kind)
	}
	throttled := &Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "Too many requests."}
	switch x.fault.kind {
	case faultThrottle:
		throttled.Header = http.Header{"Retry-After": {x.fault.retryAfter}}
		x.refuse(throttled)
	case faultSilent:
		x.refuse(throttled)
	case faultUnavailable:
		x.refuse(&Error{Status: http.StatusServiceUnavailable, Code: "serviceNotAvailable", Message: "The service is temporarily unavailable."})
	case faultServer:
		x.refuse(&Error{Status: http.StatusInternalServerError, Code: "generalException", Message: "An unspecified error has occurred."})
	default:
		return false
	}
	return true
}

// answer checks permission, query and body, and asks the source.
func (x *exchange) answer(op *contract.Operation, params map[string]string, g grant) (Answer, *Call, *Error) {
	route, ok := x.sim.routes[x.route]
	if !ok {
		return Answer{}, nil, &Error{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "The simulator does not answer this operation."}
	}
	call := &Call{Tenant: g.tenant, Params: params, Now: x.sim.clocks.Business(), permissions: g.permissions}
	if !op.Unlisted && !call.Can(op.Permissions...) {
		return Answer{}, nil, Denied()
	}
	var refusal *Error
	if call.Query, refusal = parseQuery(x.sim.contract, op, x.r); refusal != nil {
		return Answer{}, nil, refusal
	}
	if call.Body, refusal = x.body(op); refusal != nil {
		return Answer{}, nil, refusal
	}
	answer, refusal := route.Handle(call)
	return answer, call, refusal
}

// body reads, unzips and checks a JSON request body. Clients of the SDK zip theirs by default.
func (x *exchange) body(op *contract.Operation) (Record, *Error) {
	var in io.Reader = http.MaxBytesReader(x.w, x.r.Body, maxBody)
	if strings.EqualFold(x.r.Header.Get("Content-Encoding"), "gzip") {
		zipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, BadRequest("The body is not gzip.")
		}
		in = io.LimitReader(zipped, maxBody)
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, BadRequest("The body cannot be read.")
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil
	}
	if op.Body == "" {
		return nil, BadRequest("The operation takes no body.")
	}
	var out Record
	if err := json.Unmarshal(raw, &out); err != nil || out == nil {
		return nil, BadRequest("Unable to read JSON request payload.")
	}
	if err := x.sim.contract.Check(op.Body, out); err != nil {
		return nil, BadRequest("The body does not match the schema: " + err.Error() + ".")
	}
	return out, nil
}

// render filters, pages and selects.
func (x *exchange) render(op *contract.Operation, call *Call, answer Answer) (Record, *Error) {
	q := call.Query
	element, _ := x.sim.contract.Element(op.Answers[http.StatusOK])
	context := origin(x.r) + "/v1.0/$metadata#" + element
	if !answer.list {
		out := Record{"@odata.context": context + "/$entity"}
		for name, v := range q.project(answer.records[0], element) {
			out[name] = v
		}
		return out, nil
	}
	matching := q.matching(answer.records)
	bind := bindQuery(call.Tenant, x.r.URL.EscapedPath(), q)
	page, refusal := q.paginate(matching, bind, x.sim.pageSize, x.fault.kind == faultEmpty)
	if refusal != nil {
		return nil, refusal
	}
	values := make([]any, len(page.records))
	for i, r := range page.records {
		values[i] = q.project(r, element)
	}
	out := Record{"@odata.context": context, "value": values}
	if q.Count {
		out["@odata.count"] = len(matching)
	}
	if page.next != "" {
		out["@odata.nextLink"] = q.nextLink(x.r, page.next)
	}
	return out, nil
}

// send checks the answer by the contract and writes it, whole or cut.
func (x *exchange) send(op *contract.Operation, body Record) {
	if err := x.sim.contract.Check(op.Answers[http.StatusOK], body); err != nil {
		x.sim.counters.violation()
		x.sim.log.LogAttrs(x.r.Context(), slog.LevelError, "THE SIMULATOR'S ANSWER BREAKS THE CONTRACT",
			slog.String("route", x.route), slog.String("reason", err.Error()))
		x.refuse(&Error{Status: http.StatusInternalServerError, Code: "simulatorBrokeContract", Message: "The simulator's answer breaks the contract: " + err.Error()})
		return
	}
	raw, err := json.Marshal(body)
	if err != nil {
		x.refuse(&Error{Status: http.StatusInternalServerError, Code: "simulatorBroken", Message: fmt.Sprintf("%T", err)})
		return
	}
	if x.fault.kind == faultWrong {
		raw = []byte("<html><body>The proxy server received an invalid response.</body></html>")
	}
	x.ids()
	x.Header().Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	x.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	x.w.WriteHeader(http.StatusOK)
	if x.fault.kind == faultCut { // the status stays 0: aborted
		_, _ = x.w.Write(raw[:len(raw)/2])
		_ = http.NewResponseController(x.w).Flush()
		panic(http.ErrAbortHandler)
	}
	x.status = http.StatusOK
	_, _ = x.w.Write(raw) // the client may be gone
}

func (x *exchange) ids() {
	x.Header().Set("request-id", x.requestID)
	x.Header().Set("client-request-id", x.clientOrRequestID())
	x.Header().Set("Date", x.sim.clocks.Wall().UTC().Format(http.TimeFormat))
}

func (x *exchange) clientOrRequestID() string {
	if x.clientID != "" {
		return x.clientID
	}
	return x.requestID
}

func (x *exchange) refuse(e *Error) {
	x.ids()
	for name, values := range e.Header {
		x.Header()[name] = values
	}
	writeJSON(x, e.Status, e.body(x.requestID, x.clientOrRequestID(), x.sim.clocks.Business()))
}

// ServeHTTP answers a call and logs it without any value of it.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{sim: s, w: w, r: r, route: "unmatched", requestID: newID(), clientID: clientRequestID(r)}
	defer func() {
		s.counters.call(x.route, x.status)
		s.log.LogAttrs(context.WithoutCancel(r.Context()), slog.LevelInfo, "graph call",
			slog.String("route", x.route), slog.Int("status", x.status), slog.String("tenant", x.tenant),
			slog.String("fault", string(x.fault.kind)), slog.String("requestId", x.requestID))
	}()
	if tenant, ok := tokenPath(r.URL.Path); ok {
		x.route = "token"
		s.auth.serveToken(x, r, tenant)
		return
	}
	x.serve()
}

func tokenPath(path string) (tenant string, ok bool) {
	tenant, ok = strings.CutSuffix(strings.TrimPrefix(path, "/"), "/oauth2/v2.0/token")
	return tenant, ok && tenant != "" && !strings.Contains(tenant, "/")
}
