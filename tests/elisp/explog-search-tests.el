;;; explog-search-tests.el --- Tests of what searches find  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; How to get to a hit.  What typing does is tested in a real Emacs.

;;; Code:

(require 'explog-test)
(require 'explog-search)

(defun explog-search-tests--visit (file kind step line)
  "Visit the hit of KIND for STEP of experiment 201 at LINE of FILE.
Return the text of the line where that leads."
  (save-window-excursion
    (explog-search-visit-hit (vector kind "201" step "ABC" "" file line nil nil nil))
    (buffer-substring-no-properties (line-beginning-position) (line-end-position))))

(ert-deftest explog-search-test-visit ()
  "A hit is where it was on disk, or where it is now in what is not saved."
  (explog-test-with-log explog-test-log
    (explog-test-goto "2. [ ] Test XYZ with ABC")
    (let ((step (line-number-at-pos)))
      (explog-test-goto "* TODO [201]")
      (pcase-let ((heading (line-number-at-pos))
                  (hits '(("step" "2" "2. [ ] Test XYZ with ABC")
                          ("experiment" nil "* TODO [201] ABC in XYZ model"))))
        (dolist (above '("" "* One\n* Two\n* Three\n"))
          (save-excursion
            (goto-char (point-min))
            (insert above))
          (pcase-dolist (`(,kind ,number ,wanted) hits)
            (should (string-prefix-p
                     wanted (explog-search-tests--visit file kind number
                                                        (if number step heading))))))
        ;; A line that is in another entry now is no place of this one.
        (should (string-prefix-p "* TODO [201]" (explog-search-tests--visit file "note" nil 1)))
        (should (string-prefix-p "* TODO [201]" (explog-search-tests--visit file "step" "9" 1)))))))

(ert-deftest explog-search-test-visit-narrowed ()
  "A buffer is widened only if the hit is not seen otherwise."
  (explog-test-with-log explog-test-log
    (explog-test-goto "* TODO [201]")
    (let ((line (line-number-at-pos)))
      (narrow-to-region (point) (line-end-position))
      (explog-search-tests--visit file "experiment" nil line)
      (should (buffer-narrowed-p))
      (explog-search-tests--visit file "note" nil (+ line 2))
      (should-not (buffer-narrowed-p)))))

(ert-deftest explog-search-test-nothing-stale ()
  "What was found for another query is not there while an answer is awaited."
  (save-window-excursion
    (unwind-protect
        (cl-letf (((symbol-function 'explog-need-mode) #'ignore)
                  ((symbol-function 'explog-search--ask) #'ignore))
          (explog-search--show "old" (list 1 t (vector (vector "note" "201" nil "ABC" "found" "/log.org"
                                                               3 nil nil nil))
                                           ""))
          (explog-search-for "old")
          (should (string-search "found" (buffer-string)))
          (explog-search-for "new")
          (should (equal "" (buffer-string))))
      (kill-buffer "*explog search*"))))

(defun explog-search-tests--hits (&rest texts)
  "Return a note with each of TEXTS, as the server sends hits."
  (apply #'vector
         (mapcar (lambda (text) (vector "note" "201" nil "ABC" text "/log.org" 3 nil nil nil))
                 texts)))

(defun explog-search-tests--line ()
  "Return the line at point."
  (buffer-substring-no-properties (line-beginning-position) (line-end-position)))

(ert-deftest explog-search-test-run ()
  "A run is shown with its repository, and what it printed is followed, as `explog-runs' does."
  (explog-test-in-folder
    (let* ((file (explog-test-write "output.log" "[e201.1] begun\n"))
           (hit (vector "run" "201" "1" "ABC" "ok, 0:12 on node7: true" file 1 "/src/model" nil
                        "2026-01-05T10:15:00Z")))
      (should (string-match-p "run +e201\\.1 +2026-01-05 model +ok, 0:12 on node7: true"
                              (explog-search-line hit)))
      (save-window-excursion
        (explog-search-visit-hit hit)
        (should (equal file buffer-file-name))
        (should buffer-read-only)
        (should (bound-and-true-p auto-revert-tail-mode))
        (kill-buffer))
      (should-error (explog-search-visit-hit
                     (vector "run" "201" "1" "ABC" "ok" (concat file ".gone") 1 nil nil nil))
                    :type 'user-error))))

(ert-deftest explog-search-test-point-stays-on-its-hit ()
  "Who has moved to a hit is still there when the same search is shown anew."
  (save-window-excursion
    (unwind-protect
        (with-current-buffer (explog-search--buffer)
          (dolist (window '(nil t))
            (when window
              (switch-to-buffer (current-buffer)))
            (explog-search--show "abc" (list 2 t (explog-search-tests--hits "one" "two") ""))
            (should (string-search "one" (explog-search-tests--line)))
            (explog-search-next)
            (explog-search--show "abc" (list 3 t (explog-search-tests--hits "new" "one" "two")
                                             ""))
            (should (string-search "two" (explog-search-tests--line)))
            (explog-search--show "abc" (list 1 t (explog-search-tests--hits "new" "one") ""))
            (should (string-search "new" (explog-search-tests--line)))
            (explog-search-next)
            (explog-search--show "abcd" (list 2 t (explog-search-tests--hits "new" "one") ""))
            (should (string-search "new" (explog-search-tests--line)))
            (explog-search--show "abc" (list 0 t [] ""))
            (explog-search--show "abc" (list 0 t [] ""))
            (should-error (explog-search-visit) :type 'user-error)))
      (kill-buffer "*explog search*"))))

(ert-deftest explog-search-test-server-down ()
  "While the server is down the buffer says so, without hits of another query."
  (let (ready (explog-mode t) (explog-server-ready-hook nil) (calls nil))
    (save-window-excursion
      (unwind-protect
          (cl-letf (((symbol-function 'explog-need-mode) #'ignore)
                    ((symbol-function 'explog-server-ready-p) (lambda () ready))
                    ((symbol-function 'explog-server-call)
                     (lambda (_method args &rest keys) (push (cons (car args) keys) calls))))
            (explog-search--show "old" (list 1 t (explog-search-tests--hits "found") "" ""))
            (explog-search-for "new")
            (should (equal "new: waiting for the server\n" (buffer-string)))
            (funcall (plist-get (cdar calls) :error)
                     '(:code "server-died" :message "The server died"))
            (should (equal "new: The server died\n" (buffer-string)))
            (setq ready t)
            (run-hooks 'explog-server-ready-hook)
            (should-not explog-server-ready-hook)
            (should (equal "new" (caar calls)))
            (should (= 2 (length calls)))
            (funcall (plist-get (cdar calls) :success)
                     (list 0 t [] "" "searched 1 log"))
            (should (equal "new: nothing found: searched 1 log\n" (buffer-string)))
            (funcall (plist-get (cdar calls) :success)
                     (list 1 t (explog-search-tests--hits "found") "" "did you mean this?"))
            (should (string-search "nothing found: did you mean this?" (buffer-string)))
            (should (string-search "ABC" (buffer-string)))
            ;; A mistake in a query that is being typed leaves what was found.
            (funcall (plist-get (cdar calls) :error)
                     '(:code "bad-query" :message "a quote is not closed"))
            (should (string-search "ABC" (buffer-string))))
        (kill-buffer "*explog search*")))))

(ert-deftest explog-search-test-asked-again-while-there-is-more-to-read ()
  "What is found while the index is being made is followed by what is found then."
  (let ((explog-search--again-seconds 0.01) (explog-mode t)
        (progress '("proj 10%" "proj 90%" "")) (asked 0)
        (timers (copy-sequence timer-list)))
    (save-window-excursion
      (unwind-protect
          (cl-letf (((symbol-function 'explog-server-call)
                     (lambda (_method args &rest keys)
                       (should (equal "abc" (car args)))
                       (setq asked (1+ asked))
                       (funcall (plist-get keys :success)
                                (list 1 t (explog-search-tests--hits (format "hit %d" asked))
                                      (pop progress))))))
            (explog-search--ask "abc")
            (with-current-buffer (explog-search--buffer)
              (should (string-search "(reading proj 10%)" (buffer-string)))
              (explog-test-wait "an answer" (lambda () (= asked 3)))
              (should (string-search "hit 3" (buffer-string)))
              (should-not (string-search "reading" (buffer-string))))
            (explog-test-wait-for-timers timers)
            (should (= asked 3))
            ;; A newer question, or `explog-mode' turned off, ends it.
            (dolist (newer '(t nil))
              (setq progress '("proj 10%" "") asked 0)
              (explog-search--ask "abc")
              (if newer
                  (setq explog-search--asked (1+ explog-search--asked))
                (setq explog-mode nil))
              (explog-test-wait-for-timers timers)
              (should (= asked 1))))
        (kill-buffer "*explog search*")))))

(provide 'explog-search-tests)
;;; explog-search-tests.el ends here
