// Package admintest has a Master that runs nothing: a stand-in for tests of what
// shows and steers one.
//
//   - It says what it was told to say: [Master.SetStatus], [Master.SetSample],
//     [Master.SetHistory], [Master.SetQuarantine].
//   - [Master.Emit] numbers an event and tells it to all followers.
//   - Orders are carried out by being recorded: [Master.Orders]. After
//     [Master.Refuse] they are refused.
//   - [Master.Hang] has all that take a context wait for its end, [Master.Fail]
//     has them fail.
//   - It never blocks an Emit, however slow a follower is.
package admintest
