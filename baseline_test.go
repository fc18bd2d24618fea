package overseer_test

// The baseline: what was seen of the library whose API this one keeps, and the
// test that ours does not do it.
//
//	seen                                                      test
//	--------------------------------------------------------  ----------------------------------------------
//	the master died of a forwarded SIGURG after a few idle    idle restarts back to back: TestMasterDoesNotGrow
//	restarts
//	a restart signal before the worker listened for it was    TestEarlyRestartIsCarriedOut,
//	lost, and the healthy worker killed 30 s later            TestBurstOfRestartsIsOneOrTwo
//	SIGTERM during a pending restart started a new worker     TestStopInEachPhase: "restarts are asked for",
//	instead of ending                                         "a restart is starting"
//	a late hand-over signal left two live workers             TestBurstOfRestartsIsOneOrTwo counts processes
//	a release that crashed at start took the service down     TestBadReleaseNeverDisturbs
//	and stayed installed
//	SIGTERM cut requests in flight                            TestStopInEachPhase holds a request in each phase
//	after kill -9 of the master the orphan went on accepting  TestNewMasterTakesOver
//	and the next start failed with "address in use"
//	an inherited listener leaked into a child of the program  TestNothingLeaksIntoChildren
//	a fetch URL that never answers held up the first start    TestSourceHoldsUpNothing; TestStopInEachPhase:
//	                                                          "a fetch hangs"
//	a candidate refused once was never offered again          TestPreUpgradeIsAskedAgain (internal/update)
//	a line printed in init failed the sanity check            TestGoodReleaseIsTaken: "prints in init",
//	                                                          TestBinaryAnswersTheOldSanityCheck
//	17 data races in 5 restarts                               all of these under -race: a race in a service ends
//	                                                          it (GORACE=halt_on_error=1)
