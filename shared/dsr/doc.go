// Package dsr says what a data subject request is: who asks for what, the tasks it is split into, how a task can end, and which
// event moves a request from which state to which. It is pure: no clock, no storage, no network.
package dsr
