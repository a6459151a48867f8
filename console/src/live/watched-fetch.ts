/** fetch that tells when the API no longer takes the token: it was revoked, or another clock than ours counts. */
export const watchedFetch =
  (onRefused: () => void): typeof fetch =>
  async (...request) => {
    const response = await fetch(...request);
    if (response.status === 401) onRefused();
    return response;
  };
