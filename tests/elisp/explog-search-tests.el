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
                              (with-temp-buffer
                                (explog-search--insert-hit hit)
                                (buffer-string))))
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

(defun explog-search-tests--shown ()
  "Return how many hits are in this buffer."
  (count-matches "^  note" (point-min) (point-max)))

(defmacro explog-search-tests--with-many (&rest body)
  "Run BODY where the first of a hundred hits for \"abc\" are shown in a window."
  (declare (indent 0) (debug t))
  `(let ((hits (apply #'explog-search-tests--hits
                      (mapcar (lambda (n) (format "hit %d." n)) (number-sequence 1 100)))))
     (save-window-excursion
       (unwind-protect
           (with-current-buffer (explog-search--buffer)
             (switch-to-buffer (current-buffer))
             (explog-search--show "abc" (list 100 t hits "" ""))
             (should (< (frame-height) (+ 2 (explog-search-tests--shown)) 100))
             ,@body)
         (kill-buffer "*explog search*")))))

(ert-deftest explog-search-test-the-rest-is-drawn-later ()
  "A window shows what it has room for at once, and all hits come; point stays."
  (explog-search-tests--with-many
    (explog-search--show "abcd" (list 100 t hits "" ""))
    (let ((shown (explog-search-tests--shown)) (window (selected-window)))
      (set-window-point window (progn (forward-line 3) (point)))
      (explog-test-wait "all hits" (lambda () (not explog-search--rest)))
      (should (< shown 100))
      (should (= 100 (explog-search-tests--shown)))
      (should (string-search "hit 4." (explog-search-tests--line)))
      (should (= (point) (window-point window)))
      (should (= (point-min) (window-start window))))))

(ert-deftest explog-search-test-commands-find-the-rest ()
  "Whatever looks for a hit before all are drawn finds it."
  (explog-search-tests--with-many
    (explog-search-next 99)
    (should (string-search "hit 100." (explog-search-tests--line)))
    (should-error (explog-search-next) :type 'user-error))
  (explog-search-tests--with-many
    (run-hooks 'pre-command-hook)
    (should (= 100 (explog-search-tests--shown))))
  (explog-search-tests--with-many
    (cl-letf (((symbol-function 'explog-search-visit-hit)
               (lambda (hit) (should (equal "hit 80." (explog-search-hit-snippet hit))))))
      (funcall next-error-function 80 t)))
  ;; The same search again, from a hit far below.
  (explog-search-tests--with-many
    (explog-search-next 89)
    (explog-search--show "abc" (list 100 t hits "" ""))
    (should (string-search "hit 90." (explog-search-tests--line)))))

(ert-deftest explog-search-test-the-rest-of-another-query ()
  "What was not drawn yet is forgotten when other hits come, or none."
  (let ((timers (copy-sequence timer-list)))
    (explog-search-tests--with-many
      (explog-search--show "new" (list 1 t (explog-search-tests--hits "one") "" ""))
      (explog-test-wait-for-timers timers)
      (should (= 1 (explog-search-tests--shown)))
      (explog-search--show "abc" (list 100 t hits "" ""))
      (explog-search--show-text "abc" "waiting")
      (explog-test-wait-for-timers timers)
      (should (equal "abc: waiting\n" (buffer-string))))))

(ert-deftest explog-search-test-keys-come-first ()
  "While a key waits to be read, no more hits are drawn."
  (explog-search-tests--with-many
    (let ((shown (explog-search-tests--shown)))
      (let ((unread-command-events (list ?a)))
        (explog-search--draw-slice (current-buffer)))
      (should (= shown (explog-search-tests--shown)))
      (explog-search--draw-slice (current-buffer))
      (should (< shown (explog-search-tests--shown))))))

(ert-deftest explog-search-test-matches ()
  "Matches have a face instead of brackets, and a line tells what it is about."
  (with-temp-buffer
    (insert "above\n")
    (explog-search--insert-hit
     (aref (explog-search-tests--hits "a ⟦match⟧ and ⟦ñ⟧ to ⟦the end⟧") 0))
    (goto-char (point-min))
    (should (search-forward "a match and ñ to the end" nil t))
    (should (equal '("match" "ñ" "the end")
                   (let (found match)
                     (goto-char (point-min))
                     (while (setq match (text-property-search-forward
                                         'face 'explog-search-match t))
                       (push (buffer-substring-no-properties
                              (prop-match-beginning match) (prop-match-end match))
                             found))
                     (nreverse found))))
    (goto-char (point-min))
    (should (equal "           log.org:3               "
                   (let ((match (text-property-search-forward 'face 'explog-search-where t)))
                     (buffer-substring-no-properties
                      (prop-match-beginning match) (prop-match-end match)))))
    (should (equal '(hit highlight nil)
                   (list (plist-get (get-text-property (1- (point-max)) 'explog-point) :kind)
                         (get-text-property (1- (point-max)) 'mouse-face)
                         (get-text-property 1 'explog-point))))))

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
