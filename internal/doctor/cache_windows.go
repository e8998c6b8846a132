package doctor

// cacheVariable is the variable that says where caches are kept.
const cacheVariable = "LOCALAPPDATA"
