// Package fhir holds FHIR R4 resources as the bytes they came in, and talks to
// FHIR servers.
//
// The promise: a [Resource] is its raw JSON. Reading goes through a [Value],
// a view that never re-encodes; changing goes through an [Editor], which
// splices bytes. What nobody touches leaves exactly as it came: 1.00 stays
// 1.00, 1E-22 stays 1E-22, unknown elements, extensions, contained resources,
// key order and white space survive. Input is scanned once, before anything
// else sees it, under [Limits]: depth, size, entries, duplicate keys (in their
// decoded spelling), invalid UTF-8 and half surrogates are refused.
//
// The limits: nothing here validates against profiles or value sets, and only
// JSON is read. The [Client] speaks plain RESTful FHIR; it never retries by
// itself (the outbox decides about that), follows no redirects and no link to
// another origin, and returns what the server said as an [HTTPError].
//
// Resources are about people: a Resource, Value, Entry or Bundle that reaches
// a log line or an error by accident prints "[redacted]".
package fhir
