package httpapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/problem"
)

// schemas are the shapes of bodies, as JSON Schema. The tests validate every answer against them.
//
//go:embed schemas.json
var schemas []byte

type object = map[string]any

// Contract is the OpenAPI 3.1 document, made from the table of routes, the table of codes, the
// schemas, and the states and actions of requests.
func Contract() ([]byte, error) {
	var shapes object
	if err := json.Unmarshal(schemas, &shapes); err != nil {
		return nil, fmt.Errorf("schemas.json: %w", err)
	}
	shapes["State"] = object{"type": "string", "enum": dsr.States()}
	shapes["Ending"] = object{
		"type": "string", "enum": dsr.Endings(),
		"description": "How a request ended: whole (each task is done or found nothing), with gaps (something was refused, could not be had or was cancelled), failed (a task failed, or no package could be made)",
	}
	shapes["Action"] = object{"type": "string", "enum": dsr.Requestable()}
	shapes["Problem"] = problemSchema()
	paths := object{}
	for _, r := range routes() {
		path, ok := paths[r.pattern].(object)
		if !ok {
			path = object{}
			paths[r.pattern] = path
		}
		path[strings.ToLower(r.method)] = operation(r)
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Rightsdesk", "version": "1", "license": object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
			"description": "Data subject requests under the GDPR and the CCPA. Every time is RFC 3339, UTC. " +
				"Errors are answered as application/problem+json with a stable code.",
		},
		"servers": []any{object{"url": "/"}},
		"paths":   paths,
		"components": object{
			"schemas":         shapes,
			"securitySchemes": object{"key": object{"type": "apiKey", "in": "header", "name": "x-api-key"}},
			"responses": object{"Problem": object{
				"description": "The call failed, and why", "content": content("application/problem+json", "Problem"),
			}},
		},
	}, "", "  ")
}

func operation(r route) object {
	op := object{
		"summary": r.doc.summary, "operationId": operationID(r), "parameters": parameters(r), "responses": responses(r.doc),
		"security": []any{},
	}
	if r.right != "" {
		op["security"] = []any{object{"key": []any{}}}
		op["description"] = strings.TrimSpace("Needs the right " + string(r.right) + ". " + r.doc.more)
	}
	switch {
	case r.doc.list:
		media := object{}
		for _, m := range list.MediaTypes() {
			media[m] = object{"schema": object{"type": "string"}}
		}
		op["requestBody"] = object{"required": true, "content": media}
	case r.doc.body != "":
		op["requestBody"] = object{"required": !r.doc.optional, "content": content("application/json", r.doc.body)}
	}
	return op
}

func operationID(r route) string {
	name := strings.NewReplacer("/api/", "", "{", "", "}", "", "/", "-", ".", "-").Replace(r.pattern)
	return strings.ToLower(r.method) + "-" + name
}

func ref(schema string) object { return object{"$ref": "#/components/schemas/" + schema} }

func content(media, schema string) object { return object{media: object{"schema": ref(schema)}} }

func responses(d doc) object {
	answer := object{"description": "As asked"}
	switch {
	case d.lines != "":
		answer["description"] = "JSON Lines; each line is a " + d.lines
		answer["content"] = object{"application/x-ndjson": object{"schema": object{"type": "string"}}}
	case d.answer != "":
		answer["content"] = content("application/json", d.answer)
	}
	if d.status == 202 {
		answer["headers"] = object{"Location": object{"schema": object{"type": "string"}}}
	}
	out := object{fmt.Sprint(d.status): answer, "default": object{"$ref": "#/components/responses/Problem"}}
	if d.etag {
		out["304"] = object{"description": "If-None-Match names the present version"}
	}
	return out
}

func parameters(r route) []any {
	out := []any{}
	add := func(in, name string, required bool, schema object) {
		out = append(out, object{"in": in, "name": name, "required": required, "schema": schema})
	}
	for segment := range strings.SplitSeq(r.pattern, "/") {
		switch segment {
		case "{id}":
			add("path", "id", true, ref("ID"))
		case "{task}":
			add("path", "task", true, object{"type": "string"})
		}
	}
	for _, p := range r.params {
		add("query", p, p == "reference", parameterSchemas[p])
	}
	if r.doc.key {
		add("header", "Idempotency-Key", true, object{"type": "string", "pattern": "^[ -~]{1,255}$"})
	}
	if r.doc.match {
		add("header", "If-Match", false, object{"type": "string"})
	}
	if r.doc.etag {
		add("header", "If-None-Match", false, object{"type": "string"})
	}
	return out
}

var parameterSchemas = map[string]object{
	"tenant":    ref("ID"),
	"state":     ref("State"),
	"ending":    ref("Ending"),
	"dueBefore": {"type": "string", "format": "date-time"},
	"limit":     {"type": "integer", "minimum": 1, "maximum": maxLimit, "default": maxLimit / 2},
	"cursor":    {"type": "string"},
	"reference": {"type": "string", "pattern": "^[0-9A-Za-z._-]{1,64}$", "description": "Your own name for the list"},
}

// problemSchema lists the codes with their statuses and meanings.
func problemSchema() object {
	var codes []string
	var meaning strings.Builder
	for _, m := range problem.Table() {
		codes = append(codes, string(m.Code))
		fmt.Fprintf(&meaning, "- `%s` (%d): %s\n", m.Code, m.Status, m.Text)
	}
	slices.Sort(codes)
	text := object{"type": "string"}
	return object{
		"type": "object", "required": []any{"type", "title", "status", "code", "detail"}, "additionalProperties": false,
		"properties": object{
			"type": text, "title": text, "status": object{"type": "integer"}, "detail": text,
			"code":    object{"type": "string", "enum": codes, "description": meaning.String()},
			"pointer": object{"type": "string", "description": "RFC 6901: where in the body"},
		},
	}
}
