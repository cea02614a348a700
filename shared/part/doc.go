// Package part writes what a system hands over into parts, each a finished member of the
// archive that is made of them.
//
// A package of any size is then put together by copying bytes. The parts of a task are numbered
// through all kinds of record. Each exists as JSON and in the tabular forms that the tenant
// wants, which are made from the stored JSON and from nothing else. Two workers on the same
// task meet at these numbers: a part is created only if it is absent, and the stored one wins.
package part
