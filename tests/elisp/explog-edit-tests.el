;;; explog-edit-tests.el --- Tests of edits in buffers  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; What the server does to a buffer that visits a log: the text is right,
;; nothing else is disturbed, and what must not be edited is not.

;;; Code:

(require 'explog-test)

(defconst explog-edit-tests--step "1. [ ] Test XYZ without ABC")
(defconst explog-edit-tests--done "1. [X] Test XYZ without ABC (abc1234)")

(defun explog-edit-tests--marked (text)
  "Return TEXT with the first step of experiment 201 marked."
  (string-replace explog-edit-tests--step explog-edit-tests--done text))

;;;; Entries

(ert-deftest explog-edit-test-entries ()
  "The server gets the text of the subtree, and nil where nothing is visited."
  (explog-test-with-log explog-test-log
    (narrow-to-region 1 5)
    (pcase (explog-edit-entries
            (list (list file "202") (list file "7")
                  (list (expand-file-name "other.org") "201") '("" "201")))
      (`(,here ,gone ,other ,unsaved)
       (should (equal (plist-get here :line) 18))
       (should (equal (plist-get here :text)
                      (substring explog-test-log (string-search "* DONE [202]" explog-test-log))))
       (should-not (plist-get here :problem))
       (should (equal (plist-get gone :text) ""))
       (should (equal (plist-get gone :line) 0))
       (should-not other)
       (should-not unsaved)))
    (should (buffer-narrowed-p))))

(ert-deftest explog-edit-test-entries-unsaved ()
  "An experiment that is in no file yet is found in an unsaved buffer."
  (explog-test-with-log explog-test-log
    (goto-char (point-max))
    (insert "* [203] New :exp:\n")
    (let ((entry (car (explog-edit-entries '(("" "203"))))))
      (should (equal (plist-get entry :file) file))
      (should (equal (plist-get entry :text) "* [203] New :exp:\n")))
    (should-not (car (explog-edit-entries '(("" "9")))))
    (set-buffer-modified-p nil)
    (should-not (car (explog-edit-entries '(("" "203")))))))

(ert-deftest explog-edit-test-entries-many ()
  "Many at once are found as one by one."
  (explog-test-with-log
      (mapconcat (lambda (n) (format "* [%d] T %d :exp:\n:PROPERTIES:\n:ID: %d\n:END:\n- [%d]\n"
                                     n n n (1+ n)))
                 (number-sequence 1 40) "")
    (goto-char (point-max))
    (insert "* [7] again :exp:\n")
    (let ((wanted (mapcar (lambda (n) (list file (number-to-string n)))
                          (number-sequence 1 41))))
      (should (> (length wanted) explog-edit--many))
      (should (equal (explog-edit-entries wanted)
                     (mapcar (lambda (one) (car (explog-edit-entries (list one))))
                             wanted))))))

(ert-deftest explog-edit-test-other-mode ()
  "A log in another major mode is edited all the same."
  (explog-test-with-log explog-test-log
    (fundamental-mode)
    (explog-test-edit "201" '(1 "abc1234"))
    (should (equal (explog-test-bytes file)
                   (encode-coding-string (explog-edit-tests--marked explog-test-log) 'utf-8)))))

;;;; Nothing is disturbed

(ert-deftest explog-edit-test-saved ()
  "A buffer without changes is edited and saved."
  (explog-test-with-log explog-test-log
    (should (equal (explog-test-edit "201" '(1 "abc1234"))
                   "explog: e201.1 ← abc1234 (proj)"))
    (should (equal (buffer-string) (explog-edit-tests--marked explog-test-log)))
    (should-not (buffer-modified-p))
    (should (equal (explog-test-bytes file) (buffer-string)))
    (should-not (file-locked-p file))))

(ert-deftest explog-edit-test-several-lines ()
  "Several lines are edited together, in whatever order they are given."
  (dolist (order '(identity reverse))
    (explog-test-with-log explog-test-log
      (explog-test-apply
       "201" (funcall order
                      (cons '(8 "** TODO Experiments [0/2]" "** TODO Experiments [10/12]")
                            (explog-test-edits "201" '(1 "abc1234") '(2 "abc12345678")))))
      (should (equal (buffer-string)
                     (thread-last (explog-edit-tests--marked explog-test-log)
                                  (string-replace "[0/2]" "[10/12]")
                                  (string-replace "2. [ ] Test XYZ with ABC"
                                                  "2. [X] Test XYZ with ABC (abc12345678)")))))))

(ert-deftest explog-edit-test-unsaved ()
  "A buffer with changes is edited and not saved, and that is said."
  (explog-test-with-log explog-test-log
    (goto-char (point-max))
    (insert "mine\n")
    (should (string-match-p "(not saved, as the buffer has other changes)\\'"
                            (explog-test-edit "201" '(1 "abc1234"))))
    (should (buffer-modified-p))
    (should (string-search explog-edit-tests--done (buffer-string)))
    (should (equal (explog-test-bytes file) explog-test-log))))

(ert-deftest explog-edit-test-typed-after-an-edit ()
  "What the user types after an edit is not saved, neither then nor by the next edit."
  (explog-test-with-log explog-test-log
    (explog-test-edit "201" '(1 "abc1234"))
    (goto-char (point-max))
    (insert "mine")
    (should (string-match-p "not saved" (explog-test-edit "201" '(2 "abc1235"))))
    (should (equal (explog-test-bytes file) (explog-edit-tests--marked explog-test-log)))))

(ert-deftest explog-edit-test-saved-once ()
  "The edits of one call are saved together, and told of in one message."
  (explog-test-with-log explog-test-log
    (let ((saves 0))
      (add-hook 'after-save-hook (lambda () (setq saves (1+ saves))) nil t)
      (should (equal (explog-test-messages
                       (explog-edit-file
                        file `(("201" ,(explog-test-edits "201" '(1 "abc1234") '(2 "abc1235"))
                                ("one" "two"))
                               ("202" ((3 "1. [X] Test DEF (83d45cd)" "1. [X] Test DEF (83d4999)"))
                                ("three")))))
                     "explog: one, two, three"))
      (should (= saves 1))
      (should-not (buffer-modified-p)))))

(ert-deftest explog-edit-test-point-mark-windows ()
  "Point, mark, narrowing and what the windows show stay."
  (explog-test-with-log (concat (make-string 5000 ?\n) explog-test-log)
    (let ((inhibit-message t)
          (step (progn (explog-test-goto explog-edit-tests--step) (point))))
      (save-window-excursion
        (switch-to-buffer (current-buffer))
        (goto-char (+ step (length explog-edit-tests--step)))
        (let ((other (split-window)))
          (set-window-point other (+ step 20))
          (set-window-start other (+ step 2))
          (set-window-start (selected-window) (- step 10))
          (push-mark (+ step 5) t t)
          (narrow-to-region (- step 50) (+ step (length explog-edit-tests--step)))
          (let ((point (point)) (end (point-max)))
            (explog-test-edit "201" '(1 "abc1234"))
            (let ((deactivate-mark nil))
              (explog-edit-file file `(("201" ,(explog-test-edits "201" '(2 "abc1235")) nil)))
              (should-not deactivate-mark))
            (should (= (point) point))
            (should (= (mark) (+ step 5)))
            (should mark-active)
            (should (= (point-min) (- step 50)))
            (should (= (point-max) (+ end (length " (abc1234)"))))
            (should (= (window-start other) (+ step 2)))
            (should (= (window-point other) (+ step 20)))
            (should (= (window-start) (- step 10)))))))))

(ert-deftest explog-edit-test-narrowed-elsewhere ()
  "An entry outside of the narrowing is edited."
  (explog-test-with-log explog-test-log
    (explog-test-goto "* DONE [202]")
    (narrow-to-region (point) (+ (point) 5))
    (explog-test-edit "201" '(1 "abc1234"))
    (should (equal (buffer-string) "* DON"))
    (widen)
    (should (equal (buffer-string) (explog-edit-tests--marked explog-test-log)))))

(ert-deftest explog-edit-test-text-properties-and-markers ()
  "Only what differs in the line is touched."
  (explog-test-with-log explog-test-log
    (explog-test-goto "XYZ without")
    (put-text-property (point) (+ (point) 3) 'explog-test t)
    (let ((marker (point-marker))
          (overlay (make-overlay (point) (+ (point) 3))))
      (explog-test-edit "201" '(1 "abc1234"))
      (should (looking-at-p "XYZ without"))
      (should (= marker (point)))
      (should (= (overlay-end overlay) (+ (point) 3)))
      (should (get-text-property (point) 'explog-test))
      (goto-char (point-min))
      (search-forward "(abc1234)")
      (should-not (get-text-property (match-beginning 0) 'explog-test)))))

(ert-deftest explog-edit-test-replaced-hash ()
  "A hash gives way to another, and the hash alone is touched."
  (explog-test-with-log explog-test-log
    (explog-test-goto "(83d45cd)")
    (let ((marker (copy-marker (1- (point)))))
      (should (equal (explog-test-apply
                      "202" '((3 "1. [X] Test DEF (83d45cd)" "1. [X] Test DEF (83d4999)")))
                     "explog: e201.1 ← abc1234 (proj)"))
      (should (looking-at-p "(83d4999)"))
      (should (= marker (1- (point)))))))

(ert-deftest explog-edit-test-folded ()
  "Nothing unfolds, not even where the step ends the fold."
  (dolist (text (list explog-test-log "* [201] ABC :exp:\n** Experiments\n1. [ ] Step\n"
                      "* [201] ABC :exp:\n** Experiments\n1. [ ] Step"))
    (explog-test-with-log text
      (dolist (fold (list (lambda () (org-content 1))
                          (lambda () (org-global-cycle 2))
                          #'org-overview))
        (let ((inhibit-message t))
          (org-mode)
          (funcall fold))
        (explog-test-goto "1. [ ]")
        (should (invisible-p (point)))
        (explog-test-edit "201" '(1 "abc1234"))
        (explog-test-goto "(abc1234)")
        (should (invisible-p (point)))
        (should (invisible-p (+ (point) 8)))
        (should-not (invisible-p (point-min)))
        (explog-test-apply "201"
                           (let ((lines (split-string (explog-edit--text (explog-log-find "201")) "\n")))
                             (list (let ((n (seq-position lines "(abc1234)" (lambda (l e) (string-suffix-p e l)))))
                                     (list n (nth n lines)
                                           (string-replace "[X]" "[ ]" (string-replace " (abc1234)" "" (nth n lines))))))))))))

(ert-deftest explog-edit-test-folded-drawer ()
  "A folded drawer elsewhere in the entry stays folded."
  (explog-test-with-log explog-test-log
    (let ((inhibit-message t)) (org-mode) (org-cycle-hide-drawers 'all))
    (explog-test-goto ":ID:")
    (should (invisible-p (point)))
    (explog-test-edit "201" '(1 "abc1234"))
    (should (invisible-p (point)))
    (explog-test-goto "(abc1234)")
    (should-not (invisible-p (point)))))

(ert-deftest explog-edit-test-changes ()
  "What differs between two lines is found, and little else."
  (pcase-dolist
      (`(,old ,new . ,changes)
       '(("same" "same")
         ("1. [ ] Do it" "1. [X] Do it (abc1234)" (14 15 "X") (22 22 " (abc1234)"))
         ("1. [-] Do it (abc1234) " "1. [X] Do it (fed9876) " (14 15 "X") (24 31 "fed9876"))
         ("** A [9/10] and [90%] :x:" "** A [10/10] and [100%] :x:"
          (16 17 "10") (27 28 "10"))
         ("" "(abc1234)" (10 10 "(abc1234)"))
         ("1. x\r" "1. x (abc1234)\r" (14 14 " (abc1234)"))))
    (should (equal (explog-edit-changes old new 10) changes)))
  (let ((words ["a" "b" "ab" " " "[" "]" "é" "実験" "(abc1234)" "1/2" "a a a a "]))
    (random "explog")
    (dotimes (_ 300)
      (let ((old (mapconcat (lambda (_) (aref words (random 11))) (make-list (random 9) 0) ""))
            (new (mapconcat (lambda (_) (aref words (random 11))) (make-list (random 9) 0) "")))
        (with-temp-buffer
          (insert old)
          (explog-edit--splice (point-min) new)
          (should (equal (buffer-string) new)))))))

(ert-deftest explog-edit-test-long-lines ()
  "A long line takes no long time."
  (let* ((text (mapconcat #'number-to-string (number-sequence 1 20000) " "))
         (start (float-time (get-internal-run-time))))
    (with-temp-buffer
      (insert "1. [ ] " text)
      (explog-edit--splice (point-min) (concat "1. [X] " text " (abc1234)"))
      (should (equal (buffer-string) (concat "1. [X] " text " (abc1234)"))))
    (should (< (- (float-time (get-internal-run-time)) start) 2))))

;;;; Undo

(ert-deftest explog-edit-test-undo ()
  "One undo takes back all of an edit and no more; redo makes it again."
  (explog-test-with-log explog-test-log
    (buffer-enable-undo)
    (goto-char (point-max))
    (insert "mine")
    (let ((before (buffer-string)))
      (explog-test-edit "201" '(1 "abc1234") '(2 "abc1235"))
      (let ((after (buffer-string)) (inhibit-message t))
        (should-not (equal before after))
        (setq last-command nil)
        (undo)
        (undo-boundary)
        (should (equal (buffer-string) before))
        (setq last-command 'undo)
        (undo-redo 1)
        (should (equal (buffer-string) after))))))

(ert-deftest explog-edit-test-undo-while-typing ()
  "An edit in the middle of typing is an undo step of its own."
  (explog-test-with-log explog-test-log
    (buffer-enable-undo)
    (goto-char (point-max))
    (let ((type (lambda (keys)
                  (seq-do (lambda (key)
                            (setq this-command 'self-insert-command
                                  last-command 'self-insert-command)
                            (self-insert-command 1 key))
                          keys)))
          (inhibit-message t))
      (funcall type "abc")
      (let ((before (buffer-string)))
        (explog-test-edit "201" '(1 "abc1234"))
        (let ((after (buffer-string)))
          (goto-char (point-max))
          (funcall type "def")
          (undo-boundary)
          (setq last-command nil)
          (undo)
          (should (equal (buffer-string) after))
          (setq last-command 'undo)
          (undo-more 1)
          (should (equal (buffer-string) before)))))))

(ert-deftest explog-edit-test-undo-disabled ()
  "A buffer that keeps no undo is edited."
  (explog-test-with-log explog-test-log
    (buffer-disable-undo)
    (explog-test-edit "201" '(1 "abc1234"))
    (should (eq t buffer-undo-list))
    (should (equal (buffer-string) (explog-edit-tests--marked explog-test-log)))))

;;;; All or nothing

(ert-deftest explog-edit-test-mismatch ()
  "If one line is not as expected, none is edited; the error says where."
  (explog-test-with-log explog-test-log
    (let ((edits (explog-test-edits "201" '(1 "abc1234") '(2 "abc1235"))))
      (explog-test-goto "2. [ ]")
      (end-of-line)
      (insert "!")
      (should (equal (explog-test-apply "201" edits)
                     (format "%s:14: the line changed meanwhile" file)))
      (should (equal (buffer-string)
                     (string-replace "with ABC" "with ABC!" explog-test-log))))))

(ert-deftest explog-edit-test-not-in-the-next-entry ()
  "A line of the next entry is not edited, even if it reads the same."
  (explog-test-with-log
      "* [201] A :exp:\n** Experiments\n1. [ ] Train\n* [202] B :exp:\n** Experiments\n1. [ ] Train\n"
    (should (string-match-p
             "log.org:6: the line changed meanwhile"
             (explog-test-apply "201" '((5 "1. [ ] Train" "1. [X] Train (abc1234)")))))
    (should-not (buffer-modified-p))))

(ert-deftest explog-edit-test-beyond-the-end ()
  "A line beyond the end of the buffer is no line."
  (explog-test-with-log "* [201] A :exp:\n"
    (should (string-match-p "changed meanwhile"
                            (explog-test-apply "201" '((1 "" "x")))))
    (should (string-match-p "changed meanwhile"
                            (explog-test-apply "201" '((9 "" "x")))))
    (should (equal (buffer-string) "* [201] A :exp:\n"))))

;;;; Further lines

(defconst explog-edit-tests--note "   - [2026-01-05 Mon 10:15] (83d45cd) ok, 2:31:07 on node7"
  "A line that comes below a step.")

(defun explog-edit-tests--note-edits ()
  "Return the edits that put a line below step 1 of experiment 201."
  (pcase-let ((`((,line ,old ,_)) (explog-test-edits "201" '(1 "abc1234"))))
    (list (list line old (concat old "\n" explog-edit-tests--note)))))

(defun explog-edit-tests--noted (log)
  "Return LOG with that line."
  (string-replace "without ABC" (concat "without ABC\n" explog-edit-tests--note) log))

(ert-deftest explog-edit-test-line-below ()
  "A line is put below another one, and taken back by one `undo'."
  (explog-test-with-log explog-test-log
    (buffer-enable-undo)
    (explog-test-goto "1. [ ]")
    (end-of-line)
    (explog-test-apply "201" (explog-edit-tests--note-edits))
    (should (eolp))
    (should (looking-back "without ABC" (line-beginning-position)))
    (should-not (buffer-modified-p))
    (should (equal (buffer-string) (explog-edit-tests--noted explog-test-log)))
    (undo-boundary)
    (undo)
    (should (equal (buffer-string) explog-test-log))))

(ert-deftest explog-edit-test-line-below-folded ()
  "A line that is put into a fold is hidden, also at its end."
  (dolist (text (list explog-test-log "* [201] ABC :exp:\n** Experiments\n1. [ ] Step"))
    (explog-test-with-log text
      (let ((inhibit-message t))
        (org-mode)
        (org-overview))
      (explog-test-apply "201" (explog-edit-tests--note-edits))
      (explog-test-goto "(83d45cd) ok")
      (should (invisible-p (point)))
      (should (invisible-p (line-beginning-position)))
      (should (invisible-p (1- (line-end-position))))
      (should-not (invisible-p (point-min))))))

(ert-deftest explog-edit-test-no-heading-below ()
  "A heading is never put below a line."
  (explog-test-with-log explog-test-log
    (should (string-match-p
             "the line changed meanwhile"
             (explog-test-apply "201" (mapcar (pcase-lambda (`(,line ,old ,_))
                                                (list line old (concat old "\n* Heading")))
                                              (explog-edit-tests--note-edits)))))
    (should (equal (buffer-string) explog-test-log))))

(ert-deftest explog-edit-test-read-only-text ()
  "Where a part of the text is read-only, nothing is edited."
  (explog-test-with-log explog-test-log
    (explog-test-goto "1. [ ]")
    (let ((edits (explog-test-edits "201" '(1 "abc1234") '(2 "abc1235"))))
      (with-silent-modifications
        (put-text-property (point) (line-end-position) 'read-only t))
      (should (string-match-p "read-only" (explog-test-apply "201" edits)))
      (should (equal (buffer-string) explog-test-log)))))

(ert-deftest explog-edit-test-gone ()
  "The experiment, or the buffer, may be gone."
  (explog-test-with-log explog-test-log
    (should (equal (explog-test-apply "9" nil)
                   "log.org: there is no experiment 9 any more"))
    (kill-buffer)
    (should (equal (explog-test-messages (explog-edit-file file '(("201" nil nil))))
                   (format "No buffer visits %s any more" file)))))

(ert-deftest explog-edit-test-right-entry ()
  "A heading that mentions an id is not the experiment."
  (explog-test-with-log
      (concat "* Meeting on [201]\n1. [ ] Test XYZ without ABC\n"
              "* [200] like [201] :exp:\n** Experiments\n1. [ ] Test XYZ without ABC\n"
              explog-test-log)
    (explog-test-edit "201" '(1 "abc1234"))
    (explog-test-goto "(abc1234)")
    (org-back-to-heading t)
    (org-up-heading-safe)
    (should (looking-at-p "\\* TODO \\[201\\] ABC"))))

(ert-deftest explog-edit-test-twice ()
  "An id that two experiments have gets no hash, and the server hears why."
  (explog-test-with-log
      (concat explog-test-log "* [201] again :exp:\n** Experiments\n1. [ ] Test XYZ without ABC\n")
    (let ((why "log.org: experiment 201 is there twice, in lines 4 and 22"))
      (should (equal (plist-get (car (explog-edit-entries (list (list file "201")))) :problem)
                     why))
      (should (equal (explog-test-edit "201" '(1 "abc1234")) why))
      (should-not (buffer-modified-p)))))

;;;; What must not be edited

(defun explog-edit-tests--refused (why)
  "Check that the buffer of a log is left alone, as WHY, a regexp, says."
  (let ((file buffer-file-name)
        (text (buffer-string))
        (bytes (explog-test-bytes buffer-file-name)))
    (should (string-match-p
             why (or (plist-get (car (explog-edit-entries (list (list file "201")))) :problem)
                     "none")))
    (should (string-match-p why (explog-test-edit "201" '(1 "abc1234"))))
    (should (equal (buffer-string) text))
    (should (equal (explog-test-bytes file) bytes))))

(ert-deftest explog-edit-test-offers-to-start ()
  "A hash on an experiment that is not begun offers `explog-start', which org does."
  (require 'explog-start)
  (pcase-dolist (`(,keyword ,state ,offered)
                 '(("TODO" "INPROGRESS" t) ("INPROGRESS" "INPROGRESS" nil)
                   ("DONE" "INPROGRESS" nil) ("TODO" nil nil) ("TODO" "STARTED" nil)))
    (explog-test-with-log
        (format "#+TODO: TODO INPROGRESS | DONE\n* %s [201] A :exp:\n** Experiments\n1. [ ] one\n"
                keyword)
      (let ((explog-start-state state) (explog-edit-unstarted nil) (explog-edit--offered nil) said)
        (cl-letf (((symbol-function 'explog-edit--show) (lambda (text) (setq said text))))
          (should-not (explog-edit-file
                       file '(("201" ((2 "1. [ ] one" "1. [X] one (abc1234)"))
                               ("e201.1 ← abc1234 (p)")))))
          (should (eq offered (and (string-search "201 is not INPROGRESS yet (M-x explog-start)"
                                                  said)
                                   t)))
          (should (equal (and offered "201") explog-edit-unstarted)))
        (when offered
          (goto-char (point-max))
          (explog-start)
          (goto-char (point-min))
          (should (search-forward "* INPROGRESS [201] A" nil t))
          (should (search-forward "1. [X] one (abc1234)" nil t))
          (should-not (buffer-modified-p)))))))

(ert-deftest explog-edit-test-buffer-read-only ()
  "A read-only buffer is left alone."
  (explog-test-with-log explog-test-log
    (read-only-mode)
    (explog-edit-tests--refused "\\`the buffer log.org is read-only\\'")))

(ert-deftest explog-edit-test-file-read-only ()
  "A read-only file is left alone."
  (explog-test-with-log explog-test-log
    (set-file-modes file #o444)
    (explog-edit-tests--refused "\\`log.org is read-only\\'")))

(ert-deftest explog-edit-test-changed-on-disk ()
  "A file that is newer than its buffer is left alone."
  (explog-test-with-log explog-test-log
    (explog-test-write "log.org" (concat explog-test-log "new\n"))
    (set-file-times file (time-add nil 10))
    (explog-edit-tests--refused "\\`log.org changed on disk; revert its buffer\\'"))
  (explog-test-with-log explog-test-log
    (goto-char (point-max))
    (insert "mine\n")
    (explog-test-write "log.org" (buffer-string))
    (set-file-times file (time-add nil 10))
    (explog-edit-tests--refused "changed on disk")))

(ert-deftest explog-edit-test-same-on-disk ()
  "A file that was written again with the same text is no other file."
  (dolist (coding '(utf-8-unix utf-8-dos iso-8859-1-unix))
    (explog-test-in-folder
      (let* ((text (concat explog-test-log "é\n"))
             (file (explog-test-write "log.org" text coding)))
        (with-current-buffer (find-file-noselect file)
          (explog-test-write "log.org" text coding)
          (set-file-times file (time-add nil 10))
          (should-not (verify-visited-file-modtime))
          (should (equal (explog-test-edit "201" '(1 "abc1234"))
                         "explog: e201.1 ← abc1234 (proj)"))
          (should-not (buffer-modified-p))
          (should (equal (explog-test-bytes file)
                         (encode-coding-string (explog-edit-tests--marked text) coding))))))))

(ert-deftest explog-edit-test-deleted ()
  "A file that was deleted is not made again."
  (explog-test-with-log explog-test-log
    (delete-file file)
    (explog-edit-tests--refused "\\`log.org was deleted")
    (should-not (file-exists-p file))))

(ert-deftest explog-edit-test-never-saved ()
  "A buffer whose file was never written is edited and stays unsaved."
  (explog-test-in-folder
    (with-current-buffer (find-file-noselect (expand-file-name "log.org"))
      (insert explog-test-log)
      (should (string-match-p "not saved" (explog-test-edit "201" '(1 "abc1234"))))
      (should (equal (buffer-string) (explog-edit-tests--marked explog-test-log)))
      (should-not (file-exists-p buffer-file-name)))))

(ert-deftest explog-edit-test-locked ()
  "A file that another Emacs has changed and not saved is left alone.
That holds under another name of the file as well."
  (explog-test-with-log explog-test-log
    (let* ((emacs (expand-file-name invocation-name invocation-directory))
           (create-lockfiles t)
           (link (expand-file-name "link/log2.org"))
           (process
            (make-process
             :name "other" :connection-type 'pipe :noquery t
             :command (list emacs "-Q" "--batch" "--eval"
                            (prin1-to-string
                             `(with-current-buffer (find-file-noselect ,file nil t)
                                (insert "x")
                                (ignore-errors (read-string "")))))))
           (lock (expand-file-name ".#log.org")))
      (unwind-protect
          (progn
            (with-timeout (20 (ert-fail "no lock"))
              (while (not (file-symlink-p lock))
                (accept-process-output process 0.05)))
            (explog-edit-tests--refused "\\`log.org is being edited in another Emacs (.+)")
            (make-directory "link")
            (make-symbolic-link file link)
            (kill-buffer)
            (let ((find-file-visit-truename nil))
              (with-current-buffer (find-file-noselect link)
                (should (equal buffer-file-name link))
                (explog-edit-tests--refused "another Emacs"))))
        (process-send-eof process)
        (with-timeout (20 (delete-process process))
          (while (process-live-p process)
            (accept-process-output process 0.05)))
        (ignore-errors (delete-file lock))))))

;;;; Saving

(defun explog-edit-tests--not-saved (why)
  "Check that the log is edited and not saved, as WHY, a regexp, says."
  (should (string-match-p (concat "explog: e201.1 ← abc1234 (proj) (not saved: " why)
                          (explog-test-edit "201" '(1 "abc1234"))))
  (should (buffer-modified-p))
  (should (equal (buffer-string) (explog-edit-tests--marked explog-test-log)))
  (should (equal (explog-test-bytes buffer-file-name) explog-test-log)))

(ert-deftest explog-edit-test-cannot-be-written ()
  "What keeps the file from being written is said."
  (explog-test-with-log explog-test-log
    (add-hook 'write-contents-functions (lambda () (error "No, not %s" "now")) nil t)
    (explog-edit-tests--not-saved "No, not now)")))

(ert-deftest explog-edit-test-function-asks ()
  "A function that asks fails, in whatever way it asks."
  (dolist (ask (list (lambda () (y-or-n-p "Sure? "))
                     (lambda () (yes-or-no-p "Sure? "))
                     (lambda () (read-string "Sure? "))
                     (lambda () (completing-read "Sure? " '("a")))
                     (lambda () (read-char-choice "Sure? " '(?a)))
                     (lambda () (read-event "Sure? "))
                     (lambda () (map-y-or-n-p "Sure? " #'ignore '(1)))))
    (explog-test-with-log explog-test-log
      (add-hook 'write-contents-functions ask nil t)
      (explog-edit-tests--not-saved "that would ask something)"))))

(ert-deftest explog-edit-test-function-shows ()
  "A function that shows a buffer on the way shows nothing."
  (explog-test-with-log explog-test-log
    (add-hook 'before-save-hook
              (lambda ()
                (with-output-to-temp-buffer "*Org explog*" (princ "x"))
                (display-buffer (get-buffer-create "*Org explog*")))
              nil t)
    (explog-test-edit "201" '(1 "abc1234"))
    (should (= 1 (length (window-list))))
    (should-not (buffer-modified-p))))

(ert-deftest explog-edit-test-hook-fails ()
  "A hook that fails or asks does not keep Emacs from saving, as always.
That is so with `debug-on-error' too."
  (dolist (hook (list (lambda () (error "No, not now"))
                      (lambda () (y-or-n-p "Sure? "))))
    (explog-test-with-log explog-test-log
      (add-hook 'before-save-hook hook nil t)
      (let ((debug-on-error t))
        (should (string-match-p "[Ee]rror: .*\n?.*\n?explog: e201.1"
                                (explog-test-edit "201" '(1 "abc1234")))))
      (should-not (buffer-modified-p))
      (should (equal (explog-test-bytes file) (buffer-string))))))

(ert-deftest explog-edit-test-hook-quits ()
  "A hook that quits does no harm."
  (explog-test-with-log explog-test-log
    (add-hook 'before-save-hook (lambda () (signal 'quit nil)) nil t)
    (explog-edit-tests--not-saved "Quit)")))

(ert-deftest explog-edit-test-after-save-hook-fails ()
  "A hook that fails after the file was written does not make it unsaved."
  (explog-test-with-log explog-test-log
    (add-hook 'after-save-hook (lambda () (error "Oh")) nil t)
    (should (equal (explog-test-edit "201" '(1 "abc1234"))
                   "explog: e201.1 ← abc1234 (proj)"))
    (should-not (buffer-modified-p))
    (should (equal (explog-test-bytes file) (buffer-string)))))

(ert-deftest explog-edit-test-users-hooks-run ()
  "The user's hooks do their work when the log is saved."
  (explog-test-with-log (string-replace "Conclusions\n" "Conclusions  \n" explog-test-log)
    (add-hook 'before-save-hook #'delete-trailing-whitespace nil t)
    (explog-test-edit "201" '(1 "abc1234"))
    (should-not (buffer-modified-p))
    (should (equal (explog-test-bytes file) (explog-edit-tests--marked explog-test-log)))))

(ert-deftest explog-edit-test-final-newline ()
  "A log without a newline at its end stays so, whatever the options say."
  (dolist (value '(ask t visit visit-save nil))
    (explog-test-with-log (string-trim-right explog-test-log)
      (setq-local require-final-newline value)
      (let ((mode-require-final-newline value))
        (explog-test-edit "201" '(1 "abc1234")))
      (should-not (buffer-modified-p))
      (should (equal (explog-test-bytes file)
                     (explog-edit-tests--marked (string-trim-right explog-test-log)))))))

(ert-deftest explog-edit-test-codings ()
  "A log keeps its encoding and its line ends, byte for byte."
  (dolist (coding '(utf-8-unix utf-8-dos iso-8859-1-unix iso-8859-1-dos
                    utf-8-with-signature-unix utf-16le-with-signature-dos))
    (explog-test-in-folder
      (let* ((text (concat explog-test-log "- é ß\n"))
             (file (explog-test-write "log.org" text coding)))
        (with-current-buffer (find-file-noselect file)
          (explog-test-edit "201" '(1 "abc1234"))
          (should-not (buffer-modified-p))
          (should (equal (explog-test-bytes file)
                         (encode-coding-string (explog-edit-tests--marked text) coding))))))))

(ert-deftest explog-edit-test-mixed-line-ends ()
  "Mixed line ends stay as they are."
  (explog-test-in-folder
    (let* ((bytes (string-replace "XYZ with ABC\n" "XYZ with ABC\r\n" explog-test-log))
           (file (explog-test-write "log.org" bytes 'binary)))
      (with-current-buffer (find-file-noselect file)
        (explog-test-edit "201" '(1 "abc1234"))
        (should (equal (explog-test-bytes file) (explog-edit-tests--marked bytes)))))))

(ert-deftest explog-edit-test-bytes-that-are-no-text ()
  "A log that cannot be decoded is either kept byte for byte, or not saved."
  (dolist (cookie '("" "# -*- coding: utf-8 -*-\n"))
    (explog-test-in-folder
      (let* ((bytes (concat cookie explog-test-log "- \200\377 "
                            (encode-coding-string "é → ß\n" 'utf-8)))
             (file (explog-test-write "log.org" bytes 'binary))
             (coding-system-for-write 'binary)) ; org 9.7 writes when it visits
        (with-current-buffer (find-file-noselect file)
          (let* ((coding-system-for-write nil)
                 (said (explog-test-edit "201" '(1 "abc1234"))))
            (if (buffer-modified-p)
                (progn (should (string-match-p "not saved: " said))
                       (should (equal (explog-test-bytes file) bytes)))
              (should (equal (explog-test-bytes file)
                             (explog-edit-tests--marked bytes))))))))))

(ert-deftest explog-edit-test-backup ()
  "A backup is made as the user has it."
  (explog-test-with-log explog-test-log
    (let ((make-backup-files t) (version-control nil) (backup-directory-alist nil)
          (backup-enable-predicate #'identity))
      (setq-local backup-inhibited nil) ; as it is in /tmp
      (explog-test-edit "201" '(1 "abc1234"))
      (should (equal (explog-test-bytes (concat file "~")) explog-test-log)))))

(ert-deftest explog-edit-test-no-backup ()
  "No backup is made where the user wants none."
  (explog-test-with-log explog-test-log
    (let ((make-backup-files nil))
      (explog-test-edit "201" '(1 "abc1234"))
      (should (equal (directory-files explog-test-folder nil "log") '("log.org"))))))

(ert-deftest explog-edit-test-symbolic-link ()
  "A symbolic link stays one, and the file behind it is written."
  (explog-test-in-folder
    (let* ((real (explog-test-write "repo/real.org" explog-test-log))
           (link (expand-file-name "log.org"))
           (find-file-visit-truename nil))
      (make-symbolic-link real link)
      (with-current-buffer (find-file-noselect link)
        (explog-test-edit "201" '(1 "abc1234"))
        (should (file-symlink-p link))
        (should (equal (explog-test-bytes real) (explog-edit-tests--marked explog-test-log)))))))

(ert-deftest explog-edit-test-file-locals ()
  "Local variables in the file are none of our business."
  (let ((text (concat explog-test-log "# Local " "Variables:\n# fill-column: 99\n"
                      "# eval: (setq explog-test-evil t)\n# explog-tag: \"x\"\n"
                      "# explog-logs: (\"/etc/passwd\")\n# End:\n")))
    (explog-test-in-folder
      (let ((file (explog-test-write "log.org" text))
            (enable-local-variables :safe))
        (with-current-buffer (find-file-noselect file)
          (should (= fill-column 99))
          (should (equal explog-tag "exp"))
          (explog-test-edit "201" '(1 "abc1234"))
          (should (equal (explog-test-bytes file) (explog-edit-tests--marked text)))
          (should-not (boundp 'explog-test-evil)))))))

(ert-deftest explog-edit-test-many-messages ()
  "The echo area does not fill up after a rebase."
  (pcase-dolist (`(,messages ,caveat ,said)
                 '((("a") nil "explog: a") (("a" "b%d") "no" "explog: a, b%d (no)")
                   (("a" "b" "c" "d" "e") "no" "explog: a, b, c and 2 more (no)")))
    (should (equal (explog-test-messages (explog-edit--report messages caveat)) said))))

(ert-deftest explog-edit-test-tell ()
  "What the server has to say is said as it is."
  (should (equal (explog-test-messages (should (explog-edit-tell "100 % `x'")))
                 "explog: 100 % `x'")))

;;;; Beside org

(ert-deftest explog-edit-test-capture-open ()
  "With an indirect buffer open on the log, the base is edited."
  (explog-test-with-log explog-test-log
    (let ((indirect (make-indirect-buffer (current-buffer) "CAPTURE-log.org" t)))
      (unwind-protect
          (progn
            (with-current-buffer indirect
              (explog-test-goto "* DONE [202]")
              (narrow-to-region (point) (point-max))
              (should (equal (explog-test-edit "201" '(1 "abc1234"))
                             "explog: e201.1 ← abc1234 (proj)"))
              (should (looking-at-p "\\* DONE \\[202\\]"))
              (should (= (point-min) (point))))
            (should (equal (buffer-string) (explog-edit-tests--marked explog-test-log)))
            (should (equal (explog-test-bytes file) (buffer-string))))
        (kill-buffer indirect)))))

(ert-deftest explog-edit-test-element-cache ()
  "Org's cache of the buffer is right after edits."
  (explog-test-with-log explog-test-log
    (dlet ((org-element-use-cache t)
           (org-element-cache-persistent nil)
           (org-element--cache-self-verify t)
           (org-element--cache-self-verify-frequency 1.0))
      (let ((inhibit-message t)) (org-mode))
      (let ((warnings (get-buffer "*Warnings*")))
        (dolist (id '("201" "202"))
          (goto-char (explog-log-find id))
          (while (not (eobp))
            (ignore (org-element-at-point))
            (forward-line)))
        (explog-test-edit "201" '(1 "abc1234") '(2 "abc1235"))
        (explog-test-goto "2. [X]")
        (should (eq 'on (org-element-property
                         :checkbox (org-element-lineage (org-element-at-point) '(item) t))))
        (explog-test-goto "* DONE [202]")
        (should (equal '("exp_vision") (org-get-tags)))
        (should (eq (point) (org-element-property :begin (org-element-at-point))))
        (should (eq warnings (get-buffer "*Warnings*")))))))

(provide 'explog-edit-tests)
;;; explog-edit-tests.el ends here
