// Package dsr says what a data subject request is: who asks for what, the tasks that it is
// split into, how a task can end, and which event moves a request from which state to which. It
// is pure: it has no clock, no storage and no network.
package dsr
