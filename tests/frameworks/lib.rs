//! Nothing: the tests beside this are all there is.
