// Package watch is a view of a running master in a terminal: what is live, what is
// under way, the connections of each generation, the last events; and the orders,
// each on one key, with a question before it.
//
//   - What is shown is the master's own status, and its events and samples as they
//     come. When the master is replaced it connects again; as long as it cannot,
//     it says so, and shows what it knew last as old.
//   - An order is about the generation that was shown when it was asked for.
//   - No meaning is in a colour alone; NO_COLOR is heeded, and a terminal without
//     UTF-8 gets ASCII.
package watch
