package host

import "context"

type invocationKey struct{}

// InvocationID is the platform's id of the invocation that ctx belongs to, or "" outside of an
// invocation.
func InvocationID(ctx context.Context) string {
	id, _ := ctx.Value(invocationKey{}).(string)
	return id
}

// WithInvocation keeps the id of an invocation in the context. It drops an id that is not a
// UUID, because the id arrives in a header and goes to the log.
func WithInvocation(ctx context.Context, id string) context.Context {
	if len(id) != 36 {
		return ctx
	}
	for _, c := range []byte(id) {
		if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return ctx
		}
	}
	return context.WithValue(ctx, invocationKey{}, id)
}
